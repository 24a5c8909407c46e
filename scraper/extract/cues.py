"""What cruft says, in the web's languages: the words by which a line shows that it is not the article's.

Each pattern is about a whole line, and written in lower case. en de fr es it pt nl tr az ru uk pl ar, and the
commonest ones of no sv da fi el ro cs hu zh ja ko; a new one comes with a line in test_lines.py.
"""

import re
from typing import Final


def _whole(*wordings: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(wordings)})[\s.!:…»›>]*", re.IGNORECASE)


_NETWORK = (
    r"(?:twitter|x(?: \(twitter\))?|you ?tube|instagram|facebook|telegram|whats ?app|linked ?in|reddit|pinterest"
    r"|tik ?tok"
    r"|threads|mastodon|bluesky|flipboard|viber|vk(?:ontakte)?|вконтакте|одноклассники|ok|rss|e-?mail|messenger"
    r"|signal|line"
    r"|tumblr|pocket|google news|fb|apple store|app store|play market|google play)"
)
_READER = r"(?:views?|reads?|shares?|hits|просмотр(?:ов|ы|а)?|прочитано|перегляд(?:ів|и)|aufrufe|vues|visitas|lecturas"
_READER += (
    r"|visualizza(?:zioni|ções)|leituras|weergaven|wyświetle(?:nia|ń)|odsłon[ay]?|okunma(?: sayısı)?|görüntülen?me"
)
_READER += r"|oxunma(?: sayı)?|oxunub|baxış(?:lar)?(?: sayı)?|baxılıb|مشاهد(?:ة|ات)|قراءة|likes?)"
# Possessive: of "1 view 1 view …" each space could be the number's or stand between, in 2**n ways.
_NUMBER = r"\d[\d., ]*+[kmтм]?+"
_PAGE = r"(?:post|article|story|page|news|link|piece|report|artikel|beitrag|nachricht|haberi?|xəbəri?"
_PAGE += r"|статью|новость|материал)"

COUNTER: Final = _whole(
    rf"{_READER}\s*[:：]?\s*{_NUMBER}",
    rf"{_NUMBER}\s*+{_READER}(?:\s*+[|•·]?+\s*+{_NUMBER}\s*+{_READER})*",
    rf"👁\s*{_NUMBER}",
)
READING_TIME: Final = re.compile(
    r"(?:\S+ ){0,6}?(?:(?:\d+|less than a|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|a)[ -]min(?:ute)?s?\.?[ -](?:read|reading|listen)"
    r"|(?:est(?:imated)?\.? )?(?:reading time|time to read|lesezeit|lesedauer|temps de lecture|lecture"
    r"|tiempo de lectura|lectura"
    r"|tempo di lettura|tempo de leitura|leestijd|czas czytania|время чтения|час читання|okuma süresi|oxuma müddəti"
    r"|مدة القراءة|وقت القراءة)\s*[:：]?\s*(?:ca\.? |~ ?|about )?\d+[\s\w.]{0,16}"
    r"|\d+ (?:min(?:uten?|utes|utos|uti|ut)?\.? (?:lesezeit|lesedauer|de lecture|de lectura|di lettura|de leitura"
    r"|leestijd|czytania)"
    r"|(?:dakika|dk\.?) okuma(?: süresi)?|мин(?:ут[аы]?)?\.? (?:чтения|на чтение)|хв\.? читання))[\s.!]*",
    re.IGNORECASE,
)
FONT_SIZE: Final = re.compile(r"[aа] ?+[+−–-]++(?:[\s|/]*+[aа] ?+[+−–-]*+)*+|aa", re.IGNORECASE)
NETWORKS: Final = re.compile(rf"{_NETWORK}(?:[\s,|/•·]+{_NETWORK})*[\s.]*", re.IGNORECASE)

SHARE: Final = _whole(
    rf"(?:please )?(?:share|tweet|e-?mail|send|save|bookmark|print)(?: (?:this|the|your|it))?(?: {_PAGE})?",
    rf"share(?: (?:this|the|it))?(?: {_PAGE})?(?: (?:on|via|with|to)\b.{{0,60}})",
    rf"share(?:-line)? ?(?:{_PAGE} ?)?",
    r"share (?:full article|options|this with your friends|buttons?)",
    r"(?:share-line ?)?(?:did you )?(?:liked?|enjoy(?:ed)?|love[d]?) (?:the|this|our) (?:story|article|post"
    r"|news)\b.{0,80}",
    r"(?:follow|like|join|find|add|watch) us(?: (?:on|in|at|via)\b.{0,60})?",
    rf"(?:follow|subscribe to) .{{0,50}}\b(?:on|in|via) {_NETWORK}\b.{{0,30}}",
    r"(?:copy|copied|copying) (?:the )?(?:link|url)(?: to clipboard)?",
    r"(?:link|url) (?:copied|kopiert|copiato|copiado|copié|gekopieerd|kopyalandı|kopyalandi|köçürüldü"
    r"|skopiowany)(?: .{0,30})?",
    r"print|drucken|imprimer|imprimir|stampa|yazdır|çap et|печать|распечатать|друк|drukuj|afdrukken|طباعة|pdf",
    r"ссылка скопирована|скопировать ссылку|копировать ссылку|поделиться(?: .{0,40})?|подписывайтесь (?:на"
    r"|в)\b.{0,80}"
    r"|подпишитесь на\b.{0,80}|читайте нас в\b.{0,60}|мы в (?:telegram|телеграм|vk|соцсетях).{0,30}"
    r"|посилання скопійовано"
    r"|поділитися(?: .{0,40})?|підписуйтесь на\b.{0,80}|читайте нас у\b.{0,60}",
    r"(?:artikel |beitrag |jetzt |auf .{3,20} )?teilen|link kopieren|folgen sie uns\b.{0,60}|artikel (?:drucken"
    r"|versenden|merken)",
    r"partager(?: .{0,40})?|suivez[- ]nous\b.{0,60}|copier le lien|compartir(?: .{0,40})?|comparte(?: .{0,40})?"
    r"|síguenos\b.{0,60}|copiar (?:enlace|link|o link)|compartilh(?:e|ar)(?: .{0,40})?|siga-nos\b.{0,60}"
    r"|condividi(?: .{0,40})?|seguici\b.{0,60}|copia (?:il )?link",
    r"(?:haberi )?paylaş(?:ın)?|bizi .{0,40}takip ed(?:in|ə bilərsiniz)|abone ol(?:un)?|bağlantıyı kopyala"
    r"|linki kopyala(?:yın)?"
    r"|xəbəri paylaş|paylaşın?|bizi (?:facebook|telegram|instagram|youtube).{0,60}|linki köçür",
    r"(?:del|dela|jaa) (?:artikkel(?:en|i)|artikel(?:en|n)|saken|på facebook)|sdílet(?: .{0,30})?"
    r"|distribuie(?: .{0,30})?"
    r"|megosztás|κοινοποίηση",
    r"del(?:en|en via .{0,40})|deel dit artikel.{0,30}|volg ons\b.{0,60}|udostępnij(?: .{0,40})?"
    r"|obserwuj nas\b.{0,60}|skopiuj link",
    r"شارك(?: .{0,40})?|مشاركة(?: .{0,30})?|تابعونا\b.{0,60}|نسخ الرابط|تم نسخ الرابط",
)
COMMENTS: Final = _whole(
    r"(?:leave|post|add|write|submit) (?:a|your) (?:comment|reply)(?: .{0,40})?|(?:cancel )?reply",
    r"(?:view|show|read|see|hide|load|join)(?: all| more| the)?(?: \d+)? (?:comments?|conversation"
    r"|discussion)(?: \(?\d+\)?)?",
    r"(?:\d+|no) comments?(?: yet)?|comments?(?: ?\(?\d+\)?| section| are closed\b.{0,40})?|be the first to comment",
    r"kommentare?(?: ?\(?\d+\)?)?|kommentare? (?:schreiben|verfassen|lesen|anzeigen)|diskutieren sie mit"
    r"|ihr kommentar",
    r"laisse[rz] un commentaire|commentaires?(?: ?\(?\d+\)?)?|commenter|\d+ commentaires?|dej(?:ar?|e) (?:un|tu"
    r"|su) comentario"
    r"|comentarios?(?: ?\(?\d+\)?)?|\d+ comentarios?|comentários?(?: ?\(?\d+\)?)?|deixe (?:um|seu) comentário"
    r"|lascia un commento|commenti(?: ?\(?\d+\)?)?",
    r"yorum(?:lar)?(?: ?\(?\d+\)?)?|yorum (?:yap|yaz|ekle)(?:ın)?|rəy(?:lər)?(?: ?\(?\d+\)?)?|rəy (?:bildir"
    r"|yaz)(?:in|ın)?|şərhlər",
    r"комментари[ийев]+(?: ?\(?\d+\)?)?|(?:оставить|добавить|написать) комментарий|обсудить"
    r"|коментар[іив]+(?: ?\(?\d+\)?)?"
    r"|(?:залишити|додати) коментар",
    r"kommentarer(?: ?\(?\d+\)?)?|kommentoi|kommentit(?: ?\(?\d+\)?)?|comentarii(?: ?\(?\d+\)?)?"
    r"|diskuse(?: ?\(?\d+\)?)?"
    r"|hozzászólások(?: ?\(?\d+\)?)?|σχόλια(?: ?\(?\d+\)?)?|コメント(?:する)?|댓글 ?\d*|评论 ?\d*",
    r"reageer(?: .{0,20})?|reacties(?: ?\(?\d+\)?)?|skomentuj|komentarze(?: ?\(?\d+\)?)?|dodaj komentarz",
    r"(?:اترك|أضف|اكتب) تعليق[اً]*|(?:ال)?تعليقات(?: ?\(?\d+\)?)?",
)
FURNITURE: Final = _whole(
    r"\(?advertisement\)?|advertorial|ad|ads|anzeige|werbung|publicité|publicidad|pubblicità|publicidade"
    r"|advertentie|reclame"
    r"|annonser?|annons|reklame?|mainos|reclamă|reklam[ay]|hirdetés|διαφήμιση|広告|광고|广告"
    r"|reklam[ayı]?|реклама|إعلان|- ?(?:advertisement|anzeige|werbung) ?-",
    r"(?:article|story|text) continues (?:below|after)\b.{0,60}|(?:scroll|keep scrolling)(?: down)? (?:to"
    r"|for)\b.{0,40}"
    r"|continue reading\b.{0,60}|artikel (?:geht|wird) .{0,20}(?:weiter|fortgesetzt)|der artikel wird nach\b.{0,40}"
    r"|la suite après (?:cette|la) publicité|(?:read|see|show|load|view|learn) more|(?:mehr|weiter)(?:lesen"
    r"| anzeigen)?"
    r"|lire la suite|leer más|leggi tutto|devamını oku|читать (?:далее|полностью)|ətraflı|lees meer|czytaj więcej"
    r"|اقرأ المزيد",
    r"click here (?:to|for)\b.{0,70}|(?:\d\d?\.\d\d?\.\d{4}\s*\|\s*)?\d{1,2}:\d\d(?::\d\d)? min(?:uten?|utes?)?",
    r"loading|please wait|skip to (?:main )?content|skip ad|play(?: video)?|watch(?: video| now| live)?"
    r"|listen(?: now)?"
    r"|listen to (?:this|the) (?:article|story).{0,30}|your browser does not support\b.{0,60}|expand|collapse|close"
    r"|toggle .{0,20}"
    r"|back to top|nach oben|наверх|yukarı|search|suche|поиск|night_?theme|dark mode|menu|menü|меню",
    r"(?:subscribe|sign up|sign in|log ?in|register|abonnieren|anmelden|s'abonner|suscríbete|iscriviti|subscrever"
    r"|assine"
    r"|подписаться|підписатися|войти|abone ol|abunə ol(?:un)?|abonneer|zapisz się|zaloguj się|اشترك)(?: now| here"
    r"| today| free)?",
    r"(?:our |the |free |daily |email )*newsletters?|newsletter (?:abonnieren|bestellen)|(?:subscribe"
    r"|sign up) (?:to|for) .{0,70}"
    r"|get .{0,60}(?:newsletter|inbox|alerts).{0,40}|подписка на .{0,40}|what are you looking for ?\??",
    r"article content|advertisement.{0,30}continues below|get (?:daily|weekly|breaking) .{0,30}news|embed",
    r"empfohlener redaktioneller inhalt|ein klick für den datenschutz|passer la publicité|[-\s]*aktualisiert(?: am)?",
    r"(?:auch interessant|ähnliche artikel|mehr zum thema|das könnte sie auch interessieren|noticias? relacionadas?"
    r"|te puede interesar|les også|läs (?:också|även)|lue myös|related(?: stor(?:y|ies))?|по теме)",
    r"分享.{0,10}|评论|关注|点赞|收藏|责任编辑.{0,12}|シェア(?:する)?|この記事をシェア.{0,6}|.{0,6}フォローする|おすすめ情報"
    r"|기사 url이 복사되었습니다|공유하기|댓글|구독하기",
    r"(?:follow|set) as (?:a )?preferred source.{0,40}|add .{0,30} (?:on|to) google"
    r"|make .{0,30} preferred source.{0,40}",
    r"(?:image|photo|picture|bild|foto) ?(?:\d+ (?:of|von|/) \d+|\d+/\d+)|\d+ ?/ ?\d+|externer inhalt.{0,60}",
)
RIGHTS: Final = re.compile(
    r"\W{0,3}(?:copyright\b|©|\(c\) ?\d{4}|\S{2,30} © ?\d{4}|all rights reserved|alle rechte vorbehalten"
    r"|tous droits réservés"
    r"|todos los derechos reservados|tutti i diritti riservati|todos os direitos reservados|alle rechten voorbehouden"
    r"|wszelkie prawa zastrzeżone|tüm hakları saklıdır|bütün hüquqlar qorunur|все права защищены|усі права захищені"
    r"|جميع الحقوق محفوظة).{0,200}"
    r"|.{0,60}(?:use|reproduction|reprinting|copying) of .{0,40}(?:materials?|content|articles?) .{0,60}"
    r"(?:hyperlink|permission|prohibited|reference).{0,80}"
    r"|при (?:цитировании|использовании|перепечатке|копировании).{0,80}(?:ссылк|обязател).{0,80}"
    r"|(?:məlumatdan|materiallardan) istifadə.{0,80}istinad.{0,60}"
    r"|this material may not be published, broadcast.{0,80}",
    re.IGNORECASE,
)
READ_ALSO: Final = re.compile(
    r"(?:(?:also read|read also|read more|read next|see also|watch also|related|more on this|more|watch"
    r"|must[ -]read|recommended"
    r"|don['’]t miss|in case you missed it|you might like|next read)\s*(?:[:：|»›►▶]|\s[-–—])"
    r"|(?:also read|read also|lesen sie (?:auch|dazu|mehr)|lies auch|mehr (?:zum thema|dazu|lesen)|auch interessant"
    r"|zum thema"
    r"|(?:à )?lire (?:aussi|également)|voir aussi|lea también|lee también|le[aer]+ más|te puede interesar"
    r"|vea también|además"
    r"|leggi anche|vedi anche|leia (?:também|mais)|veja também|lees ook|bekijk ook|czytaj (?:też|także|również"
    r"|więcej)"
    r"|zobacz (?:też|także|również)|przeczytaj (?:też|także)|читайте (?:также|также по теме|ещё|еще|подробнее"
    r"|також)|смотрите также"
    r"|также по теме|материал по теме|дивіться також|ayrıca bak(?:ın)?|bunu da oku(?:yun)?|həmçinin oxu(?:yun)?"
    r"|اقرأ أيضا|اقرأ أيضًا|شاهد أيضا|les også|läs (?:också|även|mer)|læs også|lue myös|διαβάστε (?:επίσης"
    r"|ακόμη|ακόμα)"
    r"|cite[șş]te (?:și|şi|mai mult)|čtěte (?:také|též)|přečtěte si(?: také)?|olvas(?:d|sa) el|相关(?:阅读|报道|新闻)"
    r"|関連(?:記事|ニュース)"
    r"|관련 ?(?:기사|뉴스)|zum artikel)\b\s*[:：|»›-]|à lire (?:aussi|également)\b)\s*.*",
    re.IGNORECASE,
)
# A line that opens a block of others' headlines, a form or a promotion; cut only when what follows is of that sort.
TAIL: Final = re.compile(
    r"(?:(?:related|similar|more|other|further|latest|recent|popular|top|trending|recommended|featured|breaking"
    r"|promoted|sponsored)"
    r" (?:articles?|stor(?:y|ies)|news|posts?|content|topics?|coverage|reading|headlines|links|reports?|videos?)"
    r"|related|read (?:more|next|also|on)|more (?:from|on|about|in|like)\b|you (?:may|might"
    r"|could) (?:also )?(?:like|be interested)"
    r"|(?:most|also) (?:read|popular|viewed|shared|commented)|recommended(?: for you)?|trending(?: now)?"
    r"|editor['’]?s['’]? (?:picks?|choice)"
    r"|what(?:'s| to read) next|up next|don['’]t miss|in this (?:article|story)|(?:filed under|tags?|topics?"
    r"|keywords)\b"
    r"|about the authors?|newsletters?|sign up|subscribe|support (?:our|independent|us)|join (?:the|our)|leave a"
    r"|comments?\b"
    r"|mehr (?:zum thema|aus|von|zu|über|lesen)|das könnte (?:sie|dich|ihnen)|(?:die )?meistgelesen"
    r"|weitere (?:artikel|nachrichten|meldungen|themen)"
    r"|lesen sie (?:auch|mehr)|auch interessant|empfehlungen|schlagw[oö]rter|themen\b|zur startseite|passend dazu"
    r"|(?:à )?lire (?:aussi|également)|sur le même (?:sujet|thème)|(?:les )?plus (?:lus?|consultés)"
    r"|articles? (?:liés?|similaires|associés)"
    r"|dans la même rubrique|à la une|mots[- ]clés"
    r"|te puede interesar|lo más (?:leído|visto)|más (?:noticias|información|en|sobre)|(?:noticias|temas"
    r"|artículos) relacionad[oa]s|etiquetas"
    r"|leggi anche|potrebbe(?:ro)? interessar|articoli correlati|i più letti|altre notizie|ultime notizie"
    r"|leia (?:também|mais)|(?:notícias|artigos) relacionad[oa]s|mais lidas|últimas notícias"
    r"|lees ook|meer (?:over|nieuws)|meest gelezen|gerelateerd|czytaj (?:też|także|również)|zobacz (?:też|także"
    r"|również)|polecane|najnowsze|najczęściej czytane"
    r"|читайте (?:также|ещё|еще|також)|(?:материалы|новости|статьи|ещё|еще) по теме|по теме|другие новости|популярн"
    r"|самое (?:читаемое|популярное)|лента новостей|последние новости"
    r"|(?:схожі|інші|останні) новини|матеріали за темою|популярне"
    r"|ilgili (?:haber|içerik)|diğer haberler|son (?:dakika|haberler)|en çok okunan|bunlar da ilginizi"
    r"|benzer haberler|etiketler"
    r"|(?:digər|oxşar|son|əlaqəli) xəbərlər|ən çox oxunan|xəbər lenti"
    r"|les også|mer om|siste nytt|relaterte saker|läs (?:också|även|mer)|mer om|relaterat|læs også|lue myös"
    r"|lisää aiheesta"
    r"|διαβάστε (?:επίσης|ακόμη)|σχετικά (?:άρθρα|θέματα)|cite[șş]te (?:și|şi)|(?:știri|ştiri) (?:similare|recente)"
    r"|(?:čtěte|přečtěte si) také|související|kapcsolódó (?:cikkek|hírek)|olvas(?:d|sa) el|相关(?:阅读|新闻|文章)"
    r"|関連(?:記事|ニュース)"
    r"|おすすめ|관련 ?(?:기사|뉴스)|많이 본"
    r"|اقرأ أيضا|مواضيع (?:ذات صلة|متعلقة)|أخبار ذات صلة|الأكثر قراءة|آخر الأخبار)",
    re.IGNORECASE,
)
# Sentences a site prints under every article.
BLURB: Final = re.compile(
    r"(?:sign up|subscribe)\b.{0,80}\b(?:newsletter|inbox|e-?mail|alerts|channel|updates)|\bour (?:free |daily "
    r"|weekly )*newsletter"
    r"|community guidelines|comments? (?:policy|are moderated|rules)|terms of (?:use|service)|privacy (?:policy"
    r"|notice)|recaptcha"
    r"|download (?:our|the) .{0,30}\bapp\b|\b(?:join|follow) (?:us|our|the)\b.{0,60}(?:telegram|whatsapp|twitter"
    r"|facebook|instagram|youtube|channel)"
    r"|support (?:our|independent|quality) journalism|make a (?:donation|contribution)|become a (?:member"
    r"|subscriber|supporter)"
    r"|(?:send|email) (?:us )?(?:your )?(?:tips?|story ideas)|got a (?:tip|story|news tip)\b|have you got a story"
    r"|if you (?:found|spotted|notice|see) (?:a|an) (?:error|typo|mistake)|если вы (?:нашли|заметили) (?:ошибку"
    r"|опечатку)|нашли ошибку"
    r"|якщо ви (?:знайшли|помітили) помилку|подписывайтесь на наш|подпишитесь на наш|новости .{0,30} в (?:telegram"
    r"|телеграм)"
    r"|newsletter (?:anmelden|abonnieren)|unseren? (?:kostenlosen? )?newsletter|hinweis auf einen fehler"
    r"|auf whatsapp.{0,30}kanal"
    r"|inscrivez-vous à|abonnez-vous|recevez .{0,40}(?:newsletter|infolettre)|suscríbete (?:a|al)|iscriviti (?:a|al"
    r"|alla)|assine (?:a|nossa)"
    r"|whatsapp kanal|telegram kanal|google news['’]?[dt]e|(?:unterstützen sie uns|mit einer spende)"
    r"|senden sie uns .{0,30}feedback",
    re.IGNORECASE,
)
# One of these is in each.
BLURB_HINTS: Final = (
    *("sign up", "subscri", "newsletter", "comment", "guidelines", "terms", "privacy", "recaptcha", "download", "join"),
    *(
        "follow",
        "support",
        "donat",
        "contribut",
        "member",
        "tip",
        "story",
        "error",
        "typo",
        "mistake",
        "ошибк",
        "опечатк",
    ),
    *(
        "помилк",
        "подпи",
        "новости",
        "fehler",
        "whatsapp",
        "telegram",
        "inscri",
        "abonnez",
        "recevez",
        "suscr",
        "iscriv",
    ),
    *("assine", "news", "spend", "unterstützen", "feedback", "mitglied"),
)
# After an author's name, of whom it says what he does. The line's bare text.
BIO: Final = re.compile(
    r" (?:(?:[a-z]+ly|also|currently) )?(?:is|was|has|are|covers?|writes?|reports?|works?|worked|joined|lives?"
    r"|serves?|leads?"
    r"|edits?|teaches|speciali[sz]es|ist|war|arbeitet|schreibt|leitet|berichtet|studierte|est|écrit|travaille"
    r"|es|ha|trabaja"
    r"|escribe|è|scrive|lavora|é|escreve|trabalha|werkt|schrijft|jest|pisze|är|arbetar|er|jobber|skriver)\b"
)
# What an article says of its own mistakes, which may be the same in two of them. The line's bare text.
CORRECTION: Final = re.compile(
    r"(?:(?:editor s )?note )?(?:corrections?|clarifications?|korrektur|berichtigung|richtigstellung|rectificatif"
    r"|correctif|corrección|rectificación|fe de errores|correzione|errata|correção|correctie|rectificatie|sprostowanie"
    r"|korekta|düzeltme|düzəliş|исправление|уточнение|виправлення|уточнення|تصحيح|rättelse|rettelse|oikaisu|διόρθωση"
    r"|oprava|helyesbítés) (?:\S+ ){3}"
    r"|(?:\S+ ){0,12}?(?:an? |the )?(?:earlier|previous|original) version of (?:this|the|our) \w+"
    r"|(?:\S+ ){0,6}?(?:article|story|report|post|headline|piece|column|caption)s? (?:was|were|has been|have been)"
    r" (?:corrected|amended|clarified)\b"
    r"|(?:\S+ ){0,12}?(?:früheren (?:version|fassung)|version précédente|versión anterior|versione precedente"
    r"|versão anterior|eerdere versie|wcześniejszej wersji|önceki (?:sürüm|versiyon)|əvvəlki versiya"
    r"|(?:предыдущей|первоначальной|прежней) версии|попередній версії|tidigare version|tidligere vers(?:jon|ion))"
)
# Such a word tells how a site deals with mistakes.
CORRECTIONS_POLICY: Final = re.compile(
    r"\b(?:polic(?:y|ies)|request|submit|e ?mail|contact|send|click|standards|learn more|spot(?:ted)?|please|guidelines"
    r"|bitte|melden|richtlinien|politique|signaler|política|segnala)\b"
)
# An address to write to, or an account to follow.
ADDRESS: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,60}@([\w-]{1,60}(?:\.[\w-]{1,60}){1,4})")
ACCOUNT: Final = re.compile(
    r"\b(?:on (?:twitter|x|instagram|bluesky|threads|mastodon)\b|follow|auf x|sur x)\b.{0,30}@\w", re.IGNORECASE
)
REPORTING: Final = re.compile(
    r"\W*(?:with )?(?:additional |further )?(?:reporting|writing|editing|compiled|edited|written|translated"
    r"|reported) by\b.{3,300}"
    r"|(?:mit material von|quelle|source|sources|fuente|fonte|bron|źródło|источник|джерело|kaynak|mənbə"
    r"|المصدر)\s*[:：]\s*.{1,80}"
    r"|\(?(?:with|mit) (?:agency )?(?:inputs?|material) (?:from|von)\b.{2,80}",
    re.IGNORECASE,
)
SOURCE_LINK: Final = re.compile(
    r"(?:\W*(?:source(?: link)?|original (?:source|link|article)|link to (?:the )?(?:source|original)"
    r"|read (?:the )?(?:original|full)"
    r"(?: article| story)?(?: here| at| on)?|via|quelle|lien source|fuente|fonte|bron|źródło|источник"
    r"|ссылка на источник|джерело|kaynak|mənbə|المصدر)"
    r"\s*[:：\-–—]?\s*)(https?://[^\s<>\"]+)\W*",
    re.IGNORECASE,
)
SOURCE_WORD: Final = re.compile(
    r"\W*(?:source link|original (?:source|link|article)|lien source|ссылка на источник)\W*", re.IGNORECASE
)

# Sentences that a site prints for a lawyer, a shop or a consent banner, read in lower case: (a word that is in each of
# them, the rule, the pattern). Few texts hold any of the words, and to look for these is what costs nothing.
NOTICES: Final = tuple(
    (word, rule, re.compile(pattern))
    for word, rule, pattern in (
        (
            "inhalt",
            "consent",
            (
                r"externe[rnms]? inhalte?\b.{0,80}(?:anzeig|angezeigt|laden|blockiert|nicht verfügbar|zustimm"
                r"|anreicher|ergänz)"
                r"|redakti\w{1,12} (?:ausgewählte[rn]?|empfohlene[rn]?),? (?:externe[rn]? )?inhalt"
                r"|(?:privatsphäre|datenschutz)-?einstellungen .{0,60}inhalt"
            ),
        ),
        ("drittplattform", "consent", r"personenbezogene daten an drittplattform"),
        (
            "browser",
            "consent",
            r"browser version with limited support|browser does not support .{0,40}(?:video|audio|frame)",
        ),
        ("javascript", "consent", r"(?:enable|turn on|activate) javascript"),
        ("blocker", "consent", r"(?:disable|turn off|pause) .{0,30}ad ?-?blocker"),
        (
            "cookie",
            "consent",
            (
                r"(?:accept|allow|enable|consent to) .{0,40}cookies to (?:view|see|watch|display|load|read)"
                r"|to (?:view|see|watch|display) this .{0,60}cookies|your (?:cookie|privacy) (?:settings"
                r"|preferences|choices)"
                r"|accepter les cookies (?:pour|de)|(?:choisi de refuser|refusé) .{0,40}cookies"
                r"|acepta(?:r|s)? (?:las |los )?cookies para|accetta(?:re)? i cookie per|aceit(?:e|ar) os cookies para"
                r"|cookies (?:accepteren|toestaan)? ?om|zaakceptuj (?:pliki )?cookies"
            ),
        ),
        (
            "this content",
            "consent",
            r"this content (?:is hosted by|can(?:no|['’])t be (?:shown|displayed|loaded)|is (?:not |un)available due)",
        ),
        (
            "contenu",
            "consent",
            (
                r"ce contenu (?:est bloqué|n['’]est pas (?:disponible|visible|accessible))"
                r"|pour (?:voir|afficher|visualiser|visionner) ce contenu"
            ),
        ),
        ("contenido", "consent", r"este contenido (?:no se puede mostrar|está bloqueado)"),
        ("contenuto", "consent", r"questo contenuto è (?:bloccato|ospitato)"),
        ("treść", "consent", r"ta treść jest (?:niedostępna|zablokowana)"),
        (
            "privacy ",
            "consent",
            (
                r"(?:by (?:clicking|signing up|submitting|subscribing|continuing|entering)|read our|see our)\b.{0,120}"
                r"privacy (?:policy|notice)"
            ),
        ),
        (
            "commission",
            "disclaimer",
            (
                r"(?:may|might|can|could|will) (?:earn|receive|get|make) (?:a |an |us )?(?:small |modest )?"
                r"(?:affiliate )?commission"
            ),
        ),
        ("affiliate", "disclaimer", r"\bcontains? (?:\w{1,20} )?affiliate links?|affiliate-links?\b.{0,80}provision"),
        ("qualifying purchase", "disclaimer", r"qualifying purchase"),
        (
            "expressed",
            "disclaimer",
            (
                r"(?:views|opinions)(?: and (?:views|opinions|ideas))? expressed.{0,100}"
                r"(?:do(?:es)? not|are (?:those|solely|their|his|her|my)|not necessarily)"
            ),
        ),
        (
            " advice",
            "disclaimer",
            (
                r"(?:not (?:intended|meant|designed) (?:to|as|for)|(?:does|do|should) not|is not|nor)\b.{0,60}"
                r"(?:medical|professional|legal|financial|investment|tax) advice"
            ),
        ),
        (
            "übersetz",
            "disclaimer",
            r"dies ist eine maschinelle übersetzung|automatisch übersetzt und",
        ),
        (
            "published",
            "disclaimer",
            (
                r"^(?:this (?:article|story|post|piece|essay|report) )?(?:was )?(?:originally"
                r"|first) published (?:in|on|by|at)\b"
            ),
        ),
        ("republish", "disclaimer", r"republish (?:this|our) (?:article|stor)"),
    )
)

_PHOTO = (
    r"(?:photos?|photograph(?:s|er|y)?|pictures?|images?|pics?|file|handout|screenshot|screengrab|courtesy"
    r"|illustration|getty(?: images)?|"
    r"shutterstock|istock|fotos?|bild(?:er)?|archivbild|symbolbild|symbolfoto|archivfoto|picture alliance|imago"
    r"|crédits?|credits?"
    r"|imagen|fotografía|immagine|imagem|arquivo|archivo|foto arşiv|fotoğraf|foto:|фото|архив|фотография"
    r"|ilüstrasyon|صورة|epa-efe|efe-epa|wikimedia"
    r"|pixabay|unsplash|pexels|alamy|zuma|xinhua|nurphoto|sipa|scanpix|depositphotos)"
)
_AGENCY = r"(?:afp|ap|reuters|dpa|apa|epa|efe|ansa|lusa|tass|тасс|риа новости|anadolu|aa|iha|dha|afp photo|pti"
_AGENCY += r"|ani|ians|upi|pa|pap|belga|anp|ntb|tt|stt|keystone)"
# A caption ends in its credit, or is one: "… in Brussels. — AFP file", "(Photo: Ann Lee/AP)", "Foto: dpa", "© Reuters".
CREDIT_END: Final = re.compile(
    # After a dash the credit begins with a capital: "— AFP file", but not "— a photo of her son".
    rf"(?:[—–|/©]|\s-)\s*(?-i:[A-ZÀ-ÞА-Я])(?:[^\W_]|[ .,&/]){{0,40}}?\b{_PHOTO}\b[^.!?]{{0,20}}[)\].]?$"
    rf"|\b(?:photo|foto|bild|image|picture|credit|crédit|фото|fotoğraf|фотография)s?\s*(?:by|von|par"
    rf"|credit)?\s*[:：©/]\s*[^.!?$€£\d][^.!?$€£]{{1,60}}[.)\]]?$"
    rf"|[(\[](?:photo|foto|image|picture|file|ap photo|фото)\b[^)\]]{{0,80}}[)\]]\.?$"
    rf"|[(\[][^()\[\]]{{0,60}}\b{_PHOTO}[)\]]\.?$"
    rf"|/ ?(?:{_AGENCY}|getty images)[)\]]?\.?$|©\s*[^.!?]{{2,60}}$",
    re.IGNORECASE,
)
# Each of these ends begins with one of the signs, and has one of the letters in it; to look for them costs little.
CREDIT_SIGN: Final = re.compile(r"[©(\[/:：—–|]|\s-")
CREDIT_HINTS: Final = (
    *("photo", "foto", "pic", "imag", "file", "handout", "screen", "courtesy", "illustr", "getty", "stock", "bild"),
    *("credit", "crédit", "immag", "arquivo", "archiv", "фото", "архив", "ilüstr", "صورة", "epa-", "-epa", "wikimedia"),
    *("pixabay", "unsplash", "pexels", "alamy", "zuma", "xinhua", "sipa", "scanpix", "©", "/", "fotoğraf"),
)
CAPTION_START: Final = re.compile(
    r"(?:pictured(?: (?:at the|from|right|left|above|with)\b|[:,])"
    r"|(?:im bild|auf dem bild|bild oben|sur la photo|en la (?:foto|imagen)|nella foto|na foto|op de foto|na zdjęciu"
    r"|на фото|на снимке|на світлині|fotoğrafta|fotoda|şəkildə|på bildet|på bilden"
    r"|kuvassa)\s*(?:\([^()]{1,30}\)\s*)?[:,—–-])",
    re.IGNORECASE,
)
CREDIT_LINE: Final = re.compile(
    rf"(?:©|\(c\))\s*.{{0,80}}|{_PHOTO}\s*[:：©/]\s*.{{0,80}}"
    rf"|photos?\s+(?:by|courtesy)\s.{{0,80}}"
    rf"|\(?{_AGENCY}(?: file)?(?: photo)?\)?|getty images.{{0,20}}"
    rf"|.{{0,40}}/ ?(?:{_AGENCY}|getty images)(?: file)?(?: photo)?",
    re.IGNORECASE,
)
# The first line of a flattened text, when a lone agency signs it: "… on April 3, 2024. — AFP".
AGENCY_END: Final = re.compile(
    rf"[—–|/]\s*{_AGENCY}(?: file)?(?:[ /]photo)?\s*$|\(\s*{_AGENCY}\s*\)\s*$", re.IGNORECASE
)

HOST: Final = re.compile(r"(?:https?://)?(?:www\.)?[\w-]{2,40}(?:\.[\w-]{2,20})?\.[a-z]{2,6}/?\.?", re.IGNORECASE)
LABEL: Final = re.compile(
    r"[^\Wa-zß-öø-ÿа-яёəığışçöü_][^a-zß-öø-ÿа-яёəı.!?:]{1,40}"
)  # capitals only: a kicker, a section, a place

_DATE_WORDS: Final = frozenset(
    """
    published updated posted last modified on at date time first by upd am pm a p m gmt utc jst kst cst cdt pst pdt
    mst mdt aest hkt sgt wib pkt gst eat wat sast est edt cet cest bst ist msk et pt local ago today yesterday hour
    hours minute minutes min mins day days vor stunden minuten tagen uhr stand veröffentlicht aktualisiert am um den
    publié mis à jour le il y a heures minutes h publicado actualizado el a las hace horas pubblicato aggiornato
    alle ore oggi ieri publicado atualizado em às há horas gepubliceerd bijgewerkt om geplaatst opublikowano
    aktualizacja dnia godz опубликовано обновлено сегодня вчера назад часов часа минут в г року год года
    опубліковано оновлено сьогодні вчора yayınlanma güncelleme tarihi saat giriş son dərc edilib mon tue tues wed
    thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch
    donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles
    jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica segunda terça quarta
    quinta sexta feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag poniedziałek wtorek środa czwartek
    piątek sobota niedziela понедельник вторник среда четверг пятница суббота воскресенье pazartesi salı çarşamba
    perşembe cuma cumartesi pazar bazar ertəsi çərşənbə axşamı axşamı şənbə th st nd rd
    """.split()
)
_MONTHS: Final = tuple(
    """
    jan feb mar apr may jun jul aug sep oct nov dec jän mär mai okt dez janv févr mars avr juin juil août sept déc
    ene abr ago dic gen mag giu lug set ott fev out dez mrt mei augustus sty lut kwi maj cze lip sie wrz paź lis gru
    янв фев мар апр ма[йя] июн июл авг сен окт ноя дек січ лют бер кві тра чер лип сер вер жов лис гру oca şub nis
    haz tem ağu eyl eki kas ara yan iyn iyl avq sen oktyabr noy dek
    """.split()
)
# What an article says of itself: no date of which it tells has such a word.
STAMP: Final = re.compile(
    r"publi|updated|posted|modified|\bago\b|veröffentlicht|aktualisi|\bstand\b|\bvor\b|mis à jour|\bil y a\b|actualizad"
    r"|\bhace\b|pubblicat|aggiornat|atualizad|\bhá\b|gepubliceerd|bijgewerkt|geplaatst|opublikowan|aktualizacj"
    r"|опубликован|обновлен|назад|опубліковано|оновлено|yayınlanma|güncelleme|dərc edilib",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+")
_MONTH = re.compile(rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\w{{0,8}}$")


def is_date_line(text: str) -> bool:
    """Whether a line is nothing but a date or time, with "Published" or "Updated" at most."""
    if len(text) > 120 or not any(letter.isdigit() for letter in text):
        return False
    words = _TOKEN.findall(text.casefold())
    numbers = [word for word in words if word[0].isdigit()]
    months = [word for word in words if _MONTH.match(word)]
    others = [word for word in words if not word[0].isdigit() and word not in _DATE_WORDS and not _MONTH.match(word)]
    return not others and (len(numbers) > 1 or bool(months) or len(words) > 1)
