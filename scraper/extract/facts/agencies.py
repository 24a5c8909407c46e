"""The wire agencies, by the names they are printed under, and where a text credits one."""

from typing import Final

from scraper.extract.form import bare

# The short name, then further ones.
_PRINTED: Final = """
AP: Associated Press, The Associated Press, AP News
AFP: Agence France-Presse, AFP Fact Check, AFP Faktencheck, Франс Пресс, فرانس برس, أ ف ب
Reuters: Thomson Reuters, Reuters Staff, Agencia Reuters, Рейтер, ロイター, رويترز
dpa: Deutsche Presse-Agentur, dpa-AFX, dpa-infocom, dpa/tmn
SID: Sport-Informations-Dienst
epd: Evangelischer Pressedienst
KNA: Katholische Nachrichten-Agentur
AFX: Dow Jones Newswires
dts: dts Nachrichtenagentur
APA: Austria Presse Agentur, APA-OTS
SDA: Keystone-SDA, Schweizerische Depeschenagentur, SDA-ATS
ATS: Agence télégraphique suisse, Keystone-ATS
AWP: AWP Finanznachrichten
Belga: Agence Belga, Belga News Agency
ANP: Algemeen Nederlands Persbureau
EFE: Agencia EFE, EFE Verde
Europa Press: Agencia Europa Press, EuropaPress
ANSA: Agenzia ANSA
Adnkronos: Agenzia Adnkronos
AGI: Agenzia Italia
Askanews: Agenzia Askanews
Lusa: Agência Lusa
NTB: Norsk Telegrambyrå
TT: Tidningarnas Telegrambyrå, TT Nyhetsbyrån
Ritzau: Ritzaus Bureau
STT: Suomen Tietotoimisto
PA: PA Media, PA News, PA News Agency, Press Association, The Press Association
UPI: United Press International
AAP: Australian Associated Press
CP: Canadian Press, The Canadian Press, La Presse canadienne
PTI: Press Trust of India
ANI: Asian News International
IANS: Indo-Asian News Service
UNI: United News of India
APP: Associated Press of Pakistan
Xinhua: Xinhua News Agency, 新华社, 新华网, 新華社
CNS: China News Service, 中国新闻网, 中国新闻社, 中新社, 中新网
CNA: Central News Agency, 中央社, 中央通訊社
Kyodo: Kyodo News, 共同通信, 共同通信社, 共同
Jiji: Jiji Press, 時事通信, 時事通信社, 時事
Yonhap: Yonhap News, Yonhap News Agency, 연합뉴스
Newsis: 뉴시스
Bernama: Bernama News Agency
Antara: Antara News
TASS: TASS News Agency, ТАСС, ИТАР-ТАСС
RIA Novosti: РИА Новости, РИА «Новости»
Interfax: Interfax-Ukraine, Интерфакс, Интерфакс-Украина, Інтерфакс-Україна
Ukrinform: Укринформ, Укрінформ
UNIAN: УНИАН, УНІАН
BelTA: БелТА
Kazinform: Казинформ
Anadolu: Anadolu Agency, Anadolu Ajansı, AA
DHA: Demirören Haber Ajansı
İHA: İhlas Haber Ajansı, IHA
ANKA: ANKA Haber Ajansı
AZERTAC: AZƏRTAC, АЗЕРТАДЖ
Armenpress: Арменпресс
IRNA: Islamic Republic News Agency
SPA: Saudi Press Agency
WAM: Emirates News Agency
PAP: Polska Agencja Prasowa
ČTK: CTK, Czech News Agency
TASR: Tlačová agentúra Slovenskej republiky
MTI: Magyar Távirati Iroda
Agerpres: Agenția Agerpres
BTA: БТА, Българска телеграфна агенция
Tanjug: Танјуг
AMNA: ANA-MPA, ΑΠΕ-ΜΠΕ
BNS: Baltic News Service
Agência Brasil: Agencia Brasil
Estadão Conteúdo: Agência Estado
Bloomberg: Bloomberg News
CNN Newsource: The CNN Wire, CNN Wire
"""
_SHORT: Final = {
    bare(name): short
    for short, _, others in (line.partition(": ") for line in _PRINTED.strip().splitlines())
    for name in (short, *others.split(", "))
}
_CODES: Final = frozenset(short for short in _SHORT.values() if len(short) > 2 and " " not in short)

_PICTURES: Final = ("photo", "photos", "foto", "fotos", "bild", "image", "images", "pool", "file")


def agency(name: str) -> str | None:
    """The short name of the agency that goes by this name, alone or with one word behind its code.

    "The Associated Press" is AP, "AFP Deutschland" AFP; None when it is none's.
    """
    if found := _SHORT.get(bare(name)):
        return found
    code, _, edition = name.partition(" ")
    is_edition = edition.isalpha() and not edition.isupper() and edition.lower() not in _PICTURES
    return code if code in _CODES and is_edition else None
