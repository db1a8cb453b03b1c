from ccops.tui.reference import BLOCKS, DOCUMENT, filled


def test_the_document_is_what_the_program_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m ccops.tui.reference"
    for name in BLOCKS:
        assert text.count(f"<!-- made: {name} -->") == 1


def test_every_key_of_the_command_line_contract_is_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for key in ("/", "?", "Enter", "Esc", "q", "ctrl+p", "space", "l", "w", "b", "t", "x", "p"):
        assert f"`{key}`" in text, key
