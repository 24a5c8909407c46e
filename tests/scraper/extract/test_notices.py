"""What stands where an article was is told from an article that tells of it, in the web's languages."""

import pytest

from scraper.extract.notices import is_demand, is_missing_notice, is_offer, is_quoted, is_wall_notice, wants_script

MISSING = """
404
Error 404: not found
Page Not Found (404)
Oops! That page can’t be found.
The page you are looking for doesn't exist
The story you are looking for has been removed
Die Seite, die Sie suchen, wurde nicht gefunden
La page que vous recherchez n'existe pas
Lo sentimos, la página no existe
A página que procura não existe
La pagina che cerchi non esiste
De pagina die u zoekt bestaat niet
Nie znaleziono strony
Siden du leter etter finnes ikke
Vi kan inte hitta sidan
Siden blev ikke fundet
Etsimääsi sivua ei löytynyt
Pagina nu a fost găsită
Požadovaná stránka nebyla nalezena
A keresett oldal nem található
Η σελίδα δεν βρέθηκε
Aradığınız sayfa bulunamadı
Səhifə tapılmadı
Запрашиваемая страница не найдена
Запитувана сторінка не існує
عذرا، الصفحة المطلوبة غير موجودة
העמוד שחיפשת אינו קיים
صفحه مورد نظر یافت نشد
抱歉，您访问的页面不存在
お探しのページは見つかりませんでした
요청하신 페이지를 찾을 수 없습니다
Halaman tidak ditemukan
500 Internal Server Error
"""
ABOUT_MISSING = """
Page not found: how a ministry's web site vanished
“Page not found,” the ministry's site said on Friday.
"Page not found"
Why this story is not over
Nuclear waste site can't be moved, court says
Article 50 was not found to be breached, judges say
Ministry's website no longer available after attack
404 – a love story
Peugeot 404: die Legende lebt
Artikel 13 existiert nicht mehr im Entwurf
To år siden ulykken: Fikk ikke erstatning
Siden 2019 har han ikke betalt
El artículo 155 no existe, dice el ministro
La pagina nera non esiste, dice il sindaco
Материалы дела не найдены
Room 404
"""
DEMANDS = """
Please verify that you are a human to go on.
Please enable JS and disable any ad blocker
Sorry, you have been blocked
As you were browsing something about your browser made us think you were a bot.
We recognize you are attempting to access this website from a country belonging to the European Economic Area.
We value your privacy
We and our 842 partners store and/or access information on a device, such as cookies
By clicking “Accept all”, you agree that we may share what we know of you
Wir und unsere 211 Partner verwenden Cookies
Mit Werbung weiterlesen
Nous et nos partenaires stockons des cookies sur votre terminal
Accepter et continuer
Utilizamos cookies propias y de terceros
Aceptar y continuar
Noi e i nostri partner utilizziamo cookie
Usamos cookies para melhorar
Wij gebruiken cookies
Używamy plików cookies
Sitemizde çerezler kullanılmaktadır
Мы используем файлы cookie
Ми використовуємо файли cookie
نستخدم ملفات تعريف الارتباط لتحسين
אנו משתמשים בעוגיות
Vi bruker informasjonskapsler
Vi använder cookies
Vi bruger cookies
Käytämme evästeitä
Χρησιμοποιούμε cookies
Folosim cookie-uri
Používáme soubory cookie
Sütiket használunk
我们使用Cookie来改善
当サイトではCookieを使用しています
저희는 쿠키를 사용합니다
"""
OFFERS = """
Subscribe to continue reading
Already a subscriber? Log in
Log in or create a free account to keep reading
Um weiterzulesen, schließen Sie ein Abo ab.
Déjà abonné ? Connectez-vous
Suscríbete para seguir leyendo
Sei già abbonato?
Este conteúdo é exclusivo para assinantes
Ben je al abonnee?
Zaloguj się, aby czytać dalej
Devamını okumak için abone olun
Чтобы продолжить чтение, оформите подписку
Щоб читати далі, передплатіть
للمتابعة، سجل الدخول
Logg inn for å lese
Logga in för att läsa
Log ind for at læse videre
Oletko jo tilaaja?
Είστε ήδη συνδρομητής;
Ești deja abonat?
Předplaťte si
Fizessen elő
登录后继续阅读
この記事は有料会員限定です
이미 구독 중이신가요?
"""
REPORTS = """
“We use cookies,” says the banner on each of them.
"Subscribe to continue reading," it says under every second report.
The banner reads: Accept all cookies.
«Nous utilisons des cookies», dit la bannière.
„Wir verwenden Cookies“ steht auf jeder Seite.
The suspect did not consent to the search, the court heard.
Users must solve a captcha before they vote, the ministry said.
Unusual activity was seen at the volcano on Friday.
Access to the beach was denied to the fishermen for a week.
Access denied: fishermen are kept off the quay
Just a moment of silence was kept on the quay.
Already a member of parliament, she now runs the ferry.
We use the harbour's own privacy screens on the bridge.
Wir brauchen mehr Geld für Daten und Kabel, sagte die Ministerin.
Vi behandler mange pasienter, sier legen, og enheten er full.
Мы используем старый паром каждый день.
"""


def listed(lines: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("line", lines.strip().split("\n"))


@listed(MISSING)
def test_a_heading_that_is_nothing_but_a_notice_says_that_the_page_is_missing(line):
    assert is_missing_notice(line)


@listed(ABOUT_MISSING)
def test_a_headline_that_tells_of_what_is_missing_is_no_notice(line):
    assert not is_missing_notice(line)


def test_beside_a_notice_the_outlet_s_name_may_stand_and_in_a_title_any_short_name():
    assert is_missing_notice("Page not found | The Herald of all Islands", {"the herald of all islands"})
    assert is_missing_notice("Page not found – Harbour Herald", is_title=True)
    assert not is_missing_notice("Page not found – Harbour Herald")
    assert not is_missing_notice("Page not found: a ministry vanishes", is_title=True)


@listed(DEMANDS)
def test_a_wall_asks_for_consent_or_proof(line):
    assert is_demand(line)


@listed(OFFERS)
def test_a_wall_offers_a_subscription_or_a_login(line):
    assert is_offer(line)


@listed(REPORTS)
def test_a_report_of_what_a_wall_says_asks_for_nothing(line):
    assert not is_demand(line)
    assert not is_offer(line)


@pytest.mark.parametrize(
    "heading", ["Just a moment...", "Attention Required! | Cloudflare", "Pardon Our Interruption", "403 Forbidden"]
)
def test_a_wall_is_known_by_its_heading(heading):
    assert is_wall_notice(heading)


@pytest.mark.parametrize("heading", ["Access denied: fishermen kept off the quay", "Forbidden love in the harbour"])
def test_a_headline_that_begins_like_a_wall_is_none(heading):
    assert not is_wall_notice(heading)


def test_a_page_wants_scripts_and_an_article_may_speak_of_them():
    assert wants_script("You need to enable JavaScript to run this app.")
    assert not wants_script("The form works with JavaScript, which adds interactivity for passengers.")
    assert not wants_script("“Please enable JavaScript,” said the site of the ministry.")


@pytest.mark.parametrize("said", ["“{}”", "„{}“", "«{}»", "‘{}’", "「{}」", '"{}"', "'{}'"])
def test_quotation_marks_of_many_kinds_quote(said):
    text = f"The sign says {said.format('no entry')} in red."
    at = text.index("no entry")
    assert is_quoted(text, at, at + 8)
    assert not is_quoted(text, 4, 8)


def test_between_two_quotes_nothing_is_quoted():
    text = 'It said "no entry" on the door and "no exit" on the wall.'
    at = text.index("on the door")
    assert not is_quoted(text, at, at + 11)
