"""What pages say that stand where an article was, in the web's languages; `notices` tells where it must stand.

A line holds wordings parted by "|", in lower case; one that begins with two spaces continues the line above it.
"""

from typing import Final

# It takes its reader for a machine.
ROBOTS: Final = r"""
(?:verify(?:ing)?|confirm|prove|mak(?:e|ing) sure|let us know|show us)(?: that| if)? (?:you(?:['’]re| are)
  |you a human) (?:a |not a |an? )?(?:human|robot|real|bot)
verify you are human|are you (?:a )?(?:human|robot)(?: or [\w ]{3,12})?\s?(?:\?|$)|i(?:['’]m| am) not a robot
robot or human|press (?:&|and) hold|checking (?:your browser|if the site connection)
(?:complete|solve|fill in|fill out|enter|pass) the [\w ]{0,30}(?:captcha|challenge|puzzle|characters|check)\b
access (?:to (?:this|the|our) (?:page|site|website|server) )?(?:has been |is |was )?(?:denied|blocked|limited
  |forbidden)(?=[.!]|$| you | by | to (?:this|protect)| because (?:we|your?)\b)
you (?:have been|are|were) (?:blocked|unable to access)|you don['’]t have permission to access
your (?:request|access|ip(?: address)?|connection)\b[\w ]{0,40}\b(?:blocked|denied|limited|restricted)
(?:our systems?(?: have| has)?|we(?:['’]ve| have)?) (?:detected|noticed|received|seen) [\w ]{0,20}(?:unusual
  |suspicious|automated) (?:traffic|activity|requests?|behaviou?r)
this (?:website|site|page) (?:is using|uses) a security service|performing security verification
as you were browsing\b|the request could not be satisfied|ddos protection by
\S{4,60} needs to review the security of your connection|enable js\b
bestätigen sie, dass sie (?:ein mensch|kein roboter)|sind sie ein (?:mensch|roboter)|wir haben ungewöhnlich
(?:confirmez|vérifiez|prouvez) que vous (?:êtes un humain|n['’]êtes pas un robot)|êtes-vous un (?:humain|robot)
(?:confirm[ae]|verific[ao]|demuestra|comprueba) que (?:no )?eres (?:un robot|humano)|no soy un robot
(?:confirme|verifique) (?:que|se) (?:não é um robô|é humano)|não sou um robô
(?:conferma|verifica|dimostra) (?:di (?:non )?essere|che (?:non )?sei) (?:un robot|umano)|non sono un robot
(?:bevestig|controleer|bewijs) dat (?:je|u) (?:een mens|geen robot)
potwierdź,? że (?:jesteś człowiekiem|nie jesteś robotem)|robot olmadığınızı (?:doğrula|kanıtla)
подтвердите,? что (?:вы|запросы)|підтвердьте,? що ви|(?:请
  |請)?(?:确认|確認|验证|驗證)您(?:是|不是)|ロボットではない
로봇이 아닙니다|تحقق من أنك (?:إنسان|لست)|robot olmadığınızı
"""

# It is not for readers of this country.
REGION: Final = r"""
(?:unfortunately,? )?(?:this|our|the) (?:content|website|site|service|page|article|video)
   is (?:currently |not )*(?:un)?available (?:in|from) (?:your (?:country|region|area|location)|most european countries
  |the european (?:union|economic area))
we recogni[sz]e (?:that )?you are attempting to access|unavailable (?:due to|for) legal reasons
"""

# It wants its advertisements seen.
BLOCKERS: Final = r"""
(?:disable|turn off|switch off|pause|deactivate|whitelist)\b[\w ]{0,30}\bad[- ]?block\w*
(?:it (?:looks|seems|appears) (?:like|that) you(?:['’]re| are)|we(?:['’]ve| have)? (?:detected|noticed
  |see)[\w '’]{0,30}) (?:using )?an ad[- ]?block
(?:deaktivieren sie|schalten sie)\b[\w ]{0,30}\b(?:ad-?block\w*|werbeblocker)
désactive[zr]\b[\w ’']{0,30}\b(?:bloqueur|adblock)|desactiv[ae]r?\b[\w ]{0,30}\b(?:bloqueador|adblock)
disattiva\w*\b[\w ]{0,30}\b(?:blocco|adblock|ad ?blocker)|wyłącz\b[\w ]{0,20}\b(?:adblock|blokowanie)
отключите\b[\w ]{0,20}\bблокиров|reklam engelleyici\w* (?:kapat|devre dışı)
"""

# It wants consent to cookies and the like.
CONSENT: Final = r"""
(?:accept|allow|reject|decline|manage)(?: (?:all|the|your|our|only|essential|necessary|and))* cookies
(?:we|our (?:site|website|partners))(?:,? (?:and|with) [\w ]{0,40}?partners)?,? (?:also )?(?:may )?(?:use|store
  |process|need|ask for|would like)\b[\w ,/-]{0,60}?(?:cookies|your data|your consent|personal data
  |personal information|on (?:a|your) device|similar technolog)
we (?:value|care about|respect|take) your privacy
this (?:website|site|page) (?:uses|stores|makes use of) [\w ]{0,20}cookies|cookies help us
by (?:clicking|continuing|using|closing|accepting|selecting|tapping)\b[\w ,“”\"'’-]{0,100}\b(?:cookies?|consent|agree
  |accept|processing)\b
if you (?:click|tap|select|choose|do not want|don['’]t want)\b[\w ,“”\"'’-]{0,80}\b(?:cookies|we|consent|accept
  |reject|partners)\b
(?:click|tap|select|choose)\b[\w ,“”\"'’]{0,60}\b(?:accept|agree|consent|reject)\b
you (?:can|may|have the right to)\b[\w ]{0,20} (?:change|withdraw|manage|click|set|refuse|reject|update|review
  |accept)\b[\w ’'/-]{0,60}\b(?:consent|choices?|preferences|cookies|settings)\b
with your (?:permission|consent|agreement),? (?:we|our)\b|before you continue to \S+
your privacy (?:is important|matters|choices|settings)|your (?:cookie|privacy) (?:settings|preferences|choices)
consent or pay|(?:some (?:vendors|partners)|your choices|your preferences) (?:may|will) (?:process|apply|be)
(?:wir|unsere (?:webseite|website|seite))(?: und unsere [\w ]{0,30}partner)? (?:verwende[nt]|nutz(?:en|t)|setz(?:en
  |t)|benötig(?:en|t)|speicher(?:n|t)|verarbeite[nt]|brauch(?:en|t))\b[\w ,/-]{0,80}?(?:cookies|(?:ihre|deine
  |personenbezogene) (?:einwilligung|zustimmung|daten)|gerät)
(?:diese|unsere) (?:webseite|website|seite) (?:verwendet|nutzt|benutzt) [\w ]{0,20}cookies
(?:alle |alles )?(?:cookies )?(?:akzeptieren|zustimmen) und weiter(?:lesen)?
mit (?:werbung|tracking)\b[\w ]{0,20}(?:lesen|weiter\w*|nutzen)|cookies (?:akzeptieren|zulassen|ablehnen)
mit (?:ihrer|deiner) (?:zustimmung|einwilligung)[\w ,]{0,30}\bwir\b
(?:indem|wenn) sie\b[\w ,“„\"-]{0,80}\b(?:klicken|zustimmen|einwilligen|akzeptieren)
(?:sie können|du kannst) (?:ihre|deine) (?:einwilligung|zustimmung|auswahl)
(?:nous|nos partenaires)(?: et nos [\w ]{0,30}partenaires)? (?:utilisons|stockons|déposons|accédons|respectons
  |traitons|souhaitons)\b[\w ,/’'-]{0,80}?(?:cookies|traceurs|vie privée|vos données|données personnelles
  |votre (?:appareil|terminal))
(?:ce|notre) site(?: web)? (?:utilise|dépose) [\w ]{0,20}cookies|accepter et (?:continuer|fermer)
continuer sans accepter|(?:tout )?accepter (?:tous )?(?:les )?cookies
en (?:cliquant|poursuivant)\b[\w ,«»’'-]{0,80}\b(?:acceptez|consentez|cookies)
avec votre (?:accord|consentement),? (?:nous|nos)\b|vous pouvez\b[\w ,’'-]{0,60}\b(?:consentement|choix|cookies)
le respect de votre vie privée
(?:nosotros|utilizamos|usamos|almacenamos|valoramos|respetamos|tratamos)\b[\w ,/-]{0,80}?(?:cookies|privacidad
  |[st]us datos|datos personales|seus dados|dados pessoais|(?:[st]u|un|seu|um) dispositivo)
nosotros y nuestros|nós e (?:os )?nossos
(?:este|nuestro|nosso) (?:sitio|site|web)(?: web)? (?:utiliza|usa) [\w ]{0,20}cookies
acepta(?:r|s)? (?:y continuar|todas|las cookies|cookies|todo)|aceitar (?:e continuar|todos|cookies|os cookies)
rechazar (?:y (?:pagar|suscri\w+)|todas|cookies)
con (?:su|tu) (?:acuerdo|consentimiento|permiso),? (?:nosotros|nuestros|nos|utilizamos|usamos)\b
com o seu (?:acordo|consentimento),? (?:nós|nossos|os nossos|usamos|utilizamos)\b
al (?:hacer clic|continuar|pulsar|aceptar)\b[\w ,“«\"-]{0,80}\b(?:acepta|consiente|cookies)
ao (?:clicar|continuar|aceitar)\b[\w ,“«\"-]{0,80}\b(?:aceita|concorda|consente|cookies)
(?:tu|su|a sua|sua) privacidad\w*e? (?:nos |é |es )?importa
(?:noi e i nostri|utilizziamo|usiamo|archiviamo|rispettiamo|trattiamo)\b[\w ,/-]{0,80}?(?:partner|fornitori|cookie
  |privacy|[st]uoi dati|dati personali|dispositivo)
(?:questo|il nostro) sito(?: web)? (?:utilizza|usa) [\w ]{0,20}cookie
accett[ao]r?e? (?:e continua|tutti|i cookie|tutto)|(?:continua|continuare) senza accettare|abbonati e rifiuta
con il (?:tuo|suo) consenso,? (?:noi|i nostri|utilizz\w+|possiamo)\b
cliccando\b[\w ,“«\"-]{0,60}\b(?:accett|acconsent|cookie)
(?:wij|we)(?: en onze [\w ]{0,30}partners)? (?:gebruiken|plaatsen|bewaren|verwerken|vragen
  |slaan)\b[\w ,/-]{0,80}?(?:cookies|(?:je|uw|jouw) (?:toestemming|gegevens|apparaat|privacy)|persoonsgegevens)
(?:deze|onze) (?:website|site) (?:gebruikt|maakt gebruik van) [\w ]{0,20}cookies
(?:alle )?cookies (?:accepteren|toestaan|weigeren)|accepteer (?:alle )?cookies
met (?:je|uw|jouw) toestemming[\w ]{0,20} (?:wij|we)\b
(?:my i nasi|używamy|stosujemy|wykorzystujemy|przechowujemy|szanujemy|cenimy)\b[\w ,/-]{0,80}?(?:partner\w*|cookies?
  |prywatnoś\w+|dan\w+ osobow\w+|urządzeni\w+)
(?:ta|nasza) (?:strona|witryna) (?:używa|korzysta)\b[\w ]{0,20}cookies
(?:akceptuję|zaakceptuj|akceptuj|zgadzam się|przejdź do serwisu)\b[\w ]{0,20}|klikając\b[\w ,„\"-]{0,80}\bzgod\w+
(?:biz ve|çerezleri?|web sitemizde|sitemizde|bu (?:web )?site(?:si|miz|de)?)\b[\w ,/’'-]{0,80}?(?:çerez\w* kullan
  |kullanıyoruz|kullanılmaktadır|kullanır|ortaklarımız)
(?:tüm )?çerezleri (?:kabul|reddet)|kabul et ve devam|gizliliğiniz bizim için
(?:biz |saytımızda |bu sayt )?(?:kuki|cookie|çərəz)\w*\b[\w ]{0,30}istifadə (?:ed|olun)
(?:мы|наш сайт|этот сайт|сайт)(?: и наши партн[её]ры)? (?:использу\w+|храни\w+|обрабатыва\w+|применя\w+
  |ценим)\b[\w ,/-]{0,60}?(?:cookie|куки|(?:ваши|персональн\w+) данн\w+|конфиденциальност\w+)
принять (?:все )?(?:файлы )?(?:cookies?|куки)
(?:продолжая|нажимая|оставаясь)\b[\w ,«»\"-]{0,80}\b(?:соглаша\w+|согласие|cookie|куки)
(?:ми|наш сайт|цей сайт|сайт)(?: та наші партнери)? (?:використову\w+|зберіга\w+|обробля\w+
  |цінуємо)\b[\w ,/-]{0,60}?(?:cookie|куки|(?:ваші|персональн\w+) дан\w+|конфіденційн\w+)
прийняти (?:всі )?(?:файли )?(?:cookies?|куки)
(?:продовжуючи|натискаючи)\b[\w ,«»\"’-]{0,80}\b(?:погоджу\w+|згод\w+|cookie|куки)
(?:نحن وشركاؤنا|نستخدم|يستخدم (?:هذا الموقع|موقعنا)|نحن نستخدم)[^.]{0,60}?(?:ملفات تعريف الارتباط|الكوكيز|cookies?
  |خصوصيت|شركا)
(?:قبول|الموافقة على) (?:جميع )?ملفات تعريف الارتباط|بالنقر (?:على|فوق)[^.]{0,40}(?:توافق|قبول)
(?:אנו|אנחנו|האתר|אתר זה)[^.]{0,20}(?:משתמש\w*|עושה שימוש|עושים שימוש)[^.]{0,20}(?:בעוגיות|cookies?|קוקיז)
(?:ما|این سایت|وب\u200c?سایت)[^.]{0,40}(?:کوکی)[^.]{0,20}استفاده
vi(?: og våre [\w ]{0,20}partnere| och våra [\w ]{0,20}partners?| og vores [\w ]{0,20}partnere)? (?:bruker|bruger
  |använder|lagrer|lagrar|gemmer|behandler|behandlar|benytter)\b[\w ,/-]{0,60}?(?:cookies|informasjonskapsler|kakor
  |personvern|personopplysninger|personuppgifter|personoplysninger|din enhe[td])
(?:god(?:ta|känn|kend)|aksepter|acceptera?|tillåt|tillad) (?:alle |alla )?(?:cookies|informasjonskapsler|kakor)
käytämme [\w ,/-]{0,60}?evästeitä|me ja [\w ]{0,20}kumppanimme\b|hyväksy (?:kaikki )?evästeet
(?:tämä|sivustomme|tällä) (?:sivusto\w*)? ?(?:käyttää|käytetään) evästeitä
(?:χρησιμοποιούμε|αποθηκεύουμε)\b[\w ,/-]{0,60}?(?:cookies|δεδομένα σας|συσκευή)
εμείς και οι (?:συνεργάτες|συνεργαζόμενοι)|αποδοχή (?:όλων )?(?:των )?cookies|noi și (?:cei \d+ (?:de )?)?parteneri\w*
(?:folosim|utilizăm|stocăm)\b[\w ,/-]{0,60}?(?:cookie|date personale|dispozitiv)
accept(?:ă|ați|a) (?:toate )?(?:cookie|modulele)|acest site (?:folosește|utilizează)\b|my a naši[\w ]{0,10} partneři
(?:používáme|ukládáme|zpracováváme)\b[\w ,/-]{0,60}?(?:cookies?|soukromí|osobní údaj\w*|zařízení)
(?:přijmout|souhlasím|povolit) (?:všechny )?(?:soubory )?cookies
(?:mi és partnereink|(?:sütiket|cookie-kat) (?:használunk|alkalmazunk)|(?:weboldalunk|oldalunk|ez (?:a weboldal
  |az oldal)) (?:sütiket|cookie))
(?:összes )?süti\w* (?:elfogad|engedélyez)\w*
(?:我们|我們|本(?:网站|網站|站))(?:及(?:我们的|我們的)?合作伙伴)?(?:会|會)?(?:使用|存储
  |儲存)[^。]{0,20}(?:cookie|小型文字|数据|資料)
(?:接受|允许|允許)(?:所有|全部)? ?cookies?
(?:当|本)(?:サイト|社|ウェブサイト)(?:では|は)[^。]{0,30}(?:cookie|クッキー)
(?:すべての)?(?:cookie|クッキー)を(?:許可|受け入れ|同意)|(?:저희|당사|본 (?:사이트
  |웹사이트))[^.]{0,30}쿠키
(?:모든 )?쿠키 ?(?:허용|수락|동의)
"""

# It wants a login or a subscription.
OFFERS: Final = r"""
(?:log|sign|logging|signing) ?in\b[\w ,]{0,30}? to (?:continue|read|view|keep|access|unlock)
(?:subscribe|register|sign up)(?: now| today| for free| or [\w ]{3,20})? to (?:continue|read|keep|unlock|access|get)
to (?:continue|keep) reading,? (?:please )?(?:subscribe|log|sign|register|create)
already (?:a |an |have an )?(?:subscriber|member|registered|account|subscribed)(?=\s?[?!.:,]|$| log| sign)
this (?:article|content|story|page) is (?:only |exclusively )?(?:for|available to|reserved for
  |exclusive to)\b[\w ]{0,20}(?:subscribers|members|readers)
you(?:['’]ve| have) (?:reached|read|used)\b[\w ]{0,30}(?:limit|free articles)|create (?:a|your) (?:free )?account to
(?:get|enjoy) (?:unlimited|full) access|unlock (?:(?:this|the full) (?:article|story|content)|unlimited)
become a (?:subscriber|member) to|start your (?:free )?(?:trial|subscription)
(?:jetzt )?(?:anmelden|einloggen|registrieren|abonnieren)\b[\w ]{0,30}(?:weiter ?lesen|lesen)
melden sie sich (?:jetzt )?an|loggen sie sich
um (?:(?:diesen|den) [\w ]{0,30}(?:lesen|weiterzulesen)|weiterzulesen),? (?:melden|loggen|registrieren|schließen
  |benötigen|brauchen|abonnieren|testen|bestellen|müssen)
(?:sie haben )?bereits (?:abonnent|registriert|kund|ein(?:en)? (?:abo|konto|digital))|jetzt weiterlesen
weiterlesen mit
(?:dieser|der) (?:artikel|inhalt|beitrag) ist (?:nur |exklusiv )?(?:für|unseren)\b[\w ]{0,30}(?:abo|registriert
  |mitglied|leser)
(?:déjà|vous êtes déjà) abonné|(?:connectez|identifiez|inscrivez|abonnez)-vous (?:pour|et|dès|maintenant)
(?:cet |l['’])article est réservé|(?:contenu|article) réservé
pour (?:lire|continuer|poursuivre|accéder)\b[\w '’,]{0,50}(?:abonn|connect|inscri|compte)|créez (?:un|votre) compte
il vous reste \d
(?:suscríbete|suscríbase|regístrate|regístrese|inicia sesión|inicie sesión|identifícate) (?:para|y|gratis)
ya (?:eres|soy|es|estás) (?:suscriptor|suscrit|registrad|socio)|este (?:artículo|contenido) es (?:exclusivo|solo|sólo)
contenido exclusivo para|para (?:seguir|continuar) leyendo
(?:assine|faça (?:o )?login|registe-se|cadastre-se|inicie sessão) (?:para|e|já|agora)|já (?:é|sou) assinante
já tem (?:uma )?conta|(?:este )?(?:conteúdo|artigo) (?:é )?(?:exclusivo|reservado)|para continuar (?:a ler|lendo)
(?:abbonati|accedi|registrati|iscriviti) (?:per|e|ora|subito)|sei già (?:abbonato|registrato|iscritto)
(?:questo |il )?(?:articolo|contenuto) (?:è )?riservato|per continuare (?:a leggere|la lettura)
(?:log in|meld je aan|word (?:abonnee|lid)|registreer|neem een abonnement)\b[\w ]{0,20} (?:om|en)\b
(?:ben je |bent u |al )(?:al )?(?:abonnee|lid)\b|heb je al een
(?:dit|deze) (?:artikel|inhoud|verhaal) is (?:alleen|exclusief|enkel)
om (?:verder|dit artikel|het hele)\b[\w ]{0,20} te lezen|verder lezen|zaloguj się,? (?:aby|żeby|i)
(?:wykup|kup) (?:dostęp|subskrypcję|prenumeratę)|(?:masz już|jesteś już) (?:konto|prenumer|subskry)
(?:ten )?(?:artykuł|treść|tekst)\b[\w ]{0,20}(?:tylko|wyłącznie|dostępn\w+) (?:tylko )?dla|aby czytać dalej
(?:devamını okumak|okumaya devam etmek|haberin devamı) için|(?:giriş yap|abone ol|üye ol)(?:ın|un|arak|up)
zaten (?:abone|üye)|bu (?:içerik|haber|yazı)\b[\w ]{0,20}abonelere|oxumağa davam etmək üçün|davamını oxumaq üçün
(?:войдите|авторизуйтесь|зарегистрируйтесь|подпишитесь|оформите подписку),? (?:чтобы|и)
чтобы (?:продолжить чтение|читать|прочитать)|уже (?:подписаны|есть подписка|зарегистрированы)
(?:материал|статья|текст) (?:доступ\w+|только)[\w ]{0,20}подписчик
(?:увійдіть|авторизуйтеся|зареєструйтеся|передплатіть|оформіть),? (?:щоб|і|та|передплат)|щоб (?:читати|продовжити)
вже (?:передплатник|зареєстровані)|(?:матеріал|стаття)\b[\w ]{0,20}передплатник
(?:سجل|سجّل|اشترك|قم بتسجيل)[^.]{0,30}(?:للمتابعة|لمتابعة|لقراءة|للقراءة)|للمتابعة،? (?:سجل|اشترك|قم)
هذا (?:المحتوى|المقال)[^.]{0,20}للمشتركين|لمتابعة القراءة
(?:התחברו|היכנסו|הירשמו|הצטרפו)[^.]{0,15}(?:כדי|להמשך|לקריאה)|להמשך קריאה|כבר מנוי|למנויים בלבד
برای (?:ادامه|خواندن)[^.]{0,30}(?:وارد|مشترک|ثبت)|logga? inn? (?:for å|för att)|log ind for at
(?:bli|kjøp|bliv) (?:abonnent|abonnement|prenumerant|medlem)
(?:er du |är du )?(?:allerede|redan) (?:abonnent|prenumerant|kunde|kund|medlem)|for å lese (?:videre|saken|hele)
för att läsa (?:vidare|hela)|for at læse (?:videre|hele)
(?:denne |den här )?(?:artikkelen|artikeln|artiklen|artikel|saken|innholdet) är? (?:kun |bare |bar
  a |endast )?(?:for abonn|for våre|för pren|låst|forbeholdt)
kirjaudu sisään\b|tilaa ja (?:lue|jatka)|oletko jo tilaaja|lukeaksesi
(?:tämä )?(?:artikkeli|juttu|sisältö) on (?:vain |tarkoitettu )?tilaaj|συνδεθείτε για|εγγραφείτε για|γίνετε συνδρομητ
είστε ήδη συνδρομητ|για να συνεχίσετε|(?:abonează-te|autentifică-te|conectează-te|înregistrează-te) (?:pentru|ca|și)
ești deja abonat|ai deja (?:un )?(?:cont|abonament)|(?:acest )?(?:articol|conținut)\b[\w ]{0,20}(?:abonați|abonaților)
pentru a (?:continua|citi) (?:lectura|articolul)|přihlaste se\b|předplaťte si|pro (?:pokračování|přečtení|čtení)\b
(?:již|už) (?:jste|mám|máte) (?:předplat|účet)|(?:tento )?(?:článek|obsah)\b[\w ]{0,20}(?:pouze|jen) pro
(?:jelentkezz(?:en)?|lépj(?:en)?) be\b|fizess(?:en)? elő|már előfizető|a (?:cikk|tartalom)\b[\w ]{0,30}előfizető
(?:a )?(?:tovább)?olvasáshoz
(?:登录|登入|登錄|订阅|訂閱|注册|註冊)(?:后|後|以|即可|才能)[^。]{0,10}(?:阅读|閱讀|继续|繼續
  |查看|观看)
(?:本文|此内容|本內容)(?:仅限|僅限|为|為)[^。]{0,6}(?:订阅|訂閱|会员|會員)
(?:この記事|続き|全文)[^。]{0,20}(?:会員限定|有料|ログイン|読むには)|会員(?:限定|登録)
(?:ログイン|登録)(?:して|すると)[^。]{0,12}(?:続き|読|閲覧)|すでに(?:会員|登録)
(?:로그인|구독|가입)(?:하시면|하고|후|해 주세요|이 필요)|구독자 전용|유료 회원|이미 (?:구독|회원)
"""

# Nothing is here. LEAD: up to five words before; REST: up to five behind.
MISSING: Final = r"""
not found|nothing (?:was )?found(?: here)?|no (?:page|article|results?|such page) (?:was )?found
page (?:unavailable|missing|removed|deleted)|missing page|there(?:['’]s| is) nothing here|nothing (?:to see )?here
(?:dead|broken) link|(?:article|content|story) (?:unavailable|removed|deleted)
LEAD(?:page|article|story|content|link|url|address|post|file|directory|resource|website)(?: (?:that |which )?(?:you
  |we)\b[\w'’ ]{0,40}?)?(?: (?:was|were|is|are|has|have|had|been|could|can|may|might|does|do|be|seems|appears
  |to))*(?:n['’]t| not| no longer| cannot| can['’]?t| could ?n['’]?t| does ?n['’]t| is ?n['’]t
  | was ?n['’]t)REST (?:found|exists?|available|here|accessible|located|displayed|reached|opened
  |loaded)(?: (?:anymore|any more|any longer|right now|at the moment|on this (?:server|site|website)|here
  |or[\w ]{2,40}))?
(?:the |this |that |your )(?:requested )?(?:page|article|story|content|link)(?: (?:tha
  t |which )?you\b[\w'’ ]{0,40}?)? (?:has|have|may have|might have|was|is)(?: been)? (?:removed|deleted|moved|expired
  |unpublished|archived|gone|unavailable)(?: or [\w ]{2,40})?
(?:sorry,? |oops,? |we(?:['’]re| are) sorry,? )?(?:but )?(?:we |i )?(?:can['’]?t|cannot|can not|could ?n['’]?o?t
  |could not|are unable to|were unable to|didn['’]t) (?:seem to )?find (?:that|the|this|your
  |any) ?(?:requested )?(?:page|article|story|content|link|url)[\w'’ ]{0,50}
LEAD(?:seite|artikel|inhalt|beitrag|adresse)\b(?:, (?:die|den) sie[\w ]{1,30},)?REST ?(?:nicht (?:\w+ )?(?:gefunden
  |vorhanden|verfügbar|mehr verfügbar|erreichbar|aufgerufen|existiert)|existier(?:t
  |en) (?:leider )?nicht(?: mehr)?)(?: werden)?
LEAD(?:page|article|contenu|adresse)\bREST ?(?:introuvable|(?:est )?(?:non|pas) trouvée?|n['’]existe (?:pas|plus)
  |n['’](?:a pas été|est (?:pas|plus)|a pu être) (?:trouvée?|disponible|accessible))
LEAD(?:página|artículo|contenido|artigo|conteúdo|noticia|notícia|pagina|articolo|contenuto)\bREST (?:no|não
  |non)(?: \w+){0,3} (?:encontrad[oa]|existe|disponible|disponível|encuentra|hall[óa]\w*|trovat[oa]|esiste(?: più)?
  |disponibile)(?: más| mais)?
no (?:se )?(?:hemos )?(?:encontr\w+|pudimos encontrar) (?:la|esta) página|não encontr\w+ (?:a|esta) página
LEAD(?:pagina|artikel)\bREST (?:niet (?:meer )?(?:gevonden|beschikbaar|bestaat)|bestaat niet(?: meer)?|(?:nu
  |n-a) (?:a fost găsită|fost găsită|există))
we kunnen deze pagina niet vinden
LEAD(?:stron[ay]|artykuł)\bREST (?:nie (?:została |został )?(?:znalezion[aoy]|istnieje))|nie znaleziono stronyREST
(?:beklager,? |desverre,? |tyvärr,? |hoppsan,? |ups,? )?(?:den )?(?:sid(?:an|en|a)|artikk?el(?:n|en)|artiklen
  |saken)(?:,? (?:som )?du (?:[\w]++ ){1,3}[\w]++,?)? (?:finn?s|finnes|findes|eksisterer|existerar|ble|blev|kunde
  |kunne|kan|er|är|hittades)(?: desverre| dessverre| tyvärr| desværre)? (?:inte|ikke|ikkje)(?: (?:lenger|længere
  |längre|funnet|fundet|finnes|findes|hittas|vises|visas|tilgjengelig|tilgængelig|tillgänglig|bli|blitt|å finne|mer))*
(?:beklager,? |tyvärr,? )?(?:vi )?(?:fant|finner|kan|kunne|kunde|hittar|hittade|fandt)(?: desverre)? (?:inte|ikke
  |ikkje) (?:finne |finde |hitta )?(?:den )?(?:sid(?:an|en|a)|artikk?el(?:n|en)|artiklen)[\w ]{0,30}
(?:etsimääsi |pyydettyä |hakemaasi )?sivua ei (?:löyt\w+|oleREST)
LEAD(?:stránka|stránku|článek)\bREST ?(?:nenalezena|nebyla nalezena|neexistuje|se nepodařilo najít|nebyl nalezen)
LEAD(?:oldal|cikk)\bREST (?:nem található|nem létezik)|LEADsayfa\bREST (?:bulunamadı|bulunamıyor|mevcut değil)
LEADsəhifə\bREST (?:tapılmadı|mövcud deyil)
LEAD(?:страниц\w|публикаци\w|материал|стать\w)\bREST не (?:найден|существует|доступн)\w*
LEAD(?:сторінк\w+|статт\w+)\bREST не (?:знайдено|існує|знайдена)|LEADη σελίδαREST δεν (?:βρέθηκε|υπάρχει)REST
LEADالصفحةREST غير (?:موجودة|متوفرة|متاحة)|(?:عذراً?،? )?لم يتم العثور على الصفحةREST
LEAD(?:הדף|העמוד)REST (?:לא נמצא|אינו קיים|לא קיים)|LEADصفحهREST (?:یافت|پیدا) نشد
[^，。、「」]{0,12}(?:页面|頁面|网页|網頁|文章)[^，。「」]{0,10}(?:不存在|未找到|找不到|已删除
  |已刪除)(?:了)?
[^，。「」]{0,8}(?:找不到|未找到|無法找到|无法找到)[^，。「」]{0,8}(?:页面|頁面|网页|網頁)
[^、。「」]{0,14}ページ[^、。「」]{0,10}(?:見つかりません|存在しません|ありません)(?:でした)?
[^.“”\"]{0,14}페이지[^.“”\"]{0,10}(?:찾을 수 없|존재하지 않|없습니다)[^.“”\"]{0,8}
halamanREST tidak (?:ditemukan|tersedia|ada)|không tìm thấy (?:trang|nội dung)REST|[^\s.]{0,10}ไม่พบหน้า[^.]{0,20}
LEADपृष्ठ नहीं मिला|(?:500 )?internal server error|(?:502 )?bad gateway|(?:503 )?service (?:temporarily )?unavailable
error establishing a database connection|(?:this )?(?:site|website) (?:is )?(?:under maintenance|suspended)
account suspended
"""

# What a wall is headed by.
WALL: Final = r"""
(?:just a|one) moment|one more step|attention required|access (?:to this page (?:has been |is )?)?denied
request blocked|(?:403 )?forbidden|(?:429 )?too many requests|(?:security|human) (?:check|verification)|captcha
client challenge|pardon our interruption|are you (?:a )?(?:robot|human)|robot or human|verifying you are human
checking your browser|ddos[- ]guard|ddos protection by cloudflare|(?:sorry,? )?you have been blocked
unavailable (?:due to|for) legal reasons|before you continue(?: to \S+)?
(?:your )?privacy (?:choices|settings|gate|preferences)|cookie (?:consent|settings|wall)|zustimmung
datenschutzeinstellungen|consent
"""
