"""Names of the people in a simulated centre: many scripts, and some that try to do harm."""

AGENT_NAMES = (
    "Ana Moreno", "Ben O'Neil", "王芳", "Chi|pipe Okafor", "Dagmar Müller", "Elif Yılmaz", "Farid Haddad", "Grace Kim",
    "Håkon Lie", "李小龙", "Inès Dubois", "João Pereira", "Katarzyna Wójcik", "Liam D'Arcy", "Miyu 佐藤", "Noa Levi",
    "Olga Иванова", "Priya Nair", "Quentin Roy", "Rosa Ferrari", "Søren Holm", "Tomáš Novák", "Uma Rao", "Vera Lang",
)  # fmt: skip
AGENT_FIRST = (
    "Alex", "Bianca", "Carlos", "Dina", "Emre", "Fatima", "Goran", "Hanna", "Igor", "Jana", "Kofi", "Lena", "Marek",
    "Nadia", "Oskar", "Paula", "Rui", "Sana", "Theo", "Yara",
)  # fmt: skip
AGENT_LAST = (
    "Adams", "Bauer", "Costa", "Diaz", "Eriksen", "Fischer", "Grant", "Horvat", "Ito", "Jensen", "Kaya", "Lopez",
    "Meyer", "Nowak", "Owusu", "Petrov", "Quinn", "Rossi", "Silva", "Tanaka",
)  # fmt: skip
CALLER_NAMES = (
    "", "", "", "Smith John", "GARCIA M", "李雷", "韩梅梅", "Mary O'Brien", "Bäckerei Groß", "Müller & Söhne",
    "Anonymous", "WIRELESS CALLER", "Łukasz Żak", "田中 太郎", "Acme | Parts", "Ömer Çelik", "Zoë Martin",
    "Иван Петров", "محمد علي", "Wong Ka-Fai", "Société Générale", "Dr. A. Weiß", "TOLL FREE CALL", "=SUM(A1:A9)",
)  # fmt: skip
HOSTILE_NAME = "\x1b[2J\x1b]0;owned\x07[red]bold[/red][@click=app.quit]x[/]"
"""Clears a terminal, sets its title and runs an action of the console where it is not made harmless."""
PAUSE_REASONS = (("coffee", 8.0, 0.45), ("training", 30.0, 0.12), ("meeting", 25.0, 0.13), ("paperwork", 12.0, 0.30))
"""Reason, usual length in minutes, share among the short pauses."""
