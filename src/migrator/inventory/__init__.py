"""The door: the estate's files, checked whole, become one frozen Inventory.

`reader.py` reads a folder, `yaml_text.py` the text, `schema.py` says what a file may hold (pydantic
stays in it and in `door.py`), `checks.py` compares the files with each other, `assemble.py` builds
the `model.py` that everybody above trusts. Links only pass by as a file's name.
Nothing is imported here, so that a light command does not pay for the heavy ones.
"""
