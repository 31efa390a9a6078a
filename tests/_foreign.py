"""Files that a person keeps in a folder that we write to: none of them may be changed, whatever is written."""

import stat
from collections.abc import Mapping
from pathlib import Path

Standing = Mapping[str, tuple[int, bytes]]

_FILES = {
    ".env": b"TOKEN=precious",
    ".gitignore": b"*.log\n",
    ".git/HEAD": b"ref: refs/heads/main\n",
    "export.arrow": b"ARROW1 of somebody else",
    "notes.safetensors": b"not ours",
    "items-0123456789abcdef.arrow": b"named like a part",
    "notes/deep/letter.txt": b"Dear Ann",
    ".items.4711": b"named like an old temporary",
    ".shelfwise-notes.partial": b"named nearly like a temporary",
    "shard.npz": b"PK of somebody else",
    "left.npz.partial": b"half of something",
    "thesis.doc": b"precious",
    "data.csv": b"a,b\n1,2\n",
}


def put_foreign_files(folder: Path, *, hidden_only: bool = False) -> Standing:
    """Leave files of a dozen kinds, a read-only one and links; returns what `standing` must go on to say of them.

    Parameters
    ----------
    hidden_only : only what a folder for a new model may hold
    """
    for name, content in _FILES.items():
        if hidden_only and not (name.startswith(".") or name.endswith((".arrow", ".safetensors"))):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    elsewhere = folder.parent / f"{folder.name}-elsewhere"
    elsewhere.write_bytes(b"far away")
    links = {".link.arrow": elsewhere, ".shelfwise-0123456789abcdef.partial": elsewhere, ".nowhere": folder / "gone"}
    for name, target in links.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    (folder / ".env").chmod(0o400)
    return standing(folder)


def standing(folder: Path) -> Standing:
    """Mode and content of everything in a folder, by name; of links, where they lead to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[str(path.relative_to(folder))] = mode, str(path.readlink()).encode()
        elif stat.S_ISREG(mode):
            found[str(path.relative_to(folder))] = mode, path.read_bytes()
    return found


def assert_untouched(folder: Path, before: Standing) -> None:
    """All that stood in the folder still does, byte by byte."""
    after = standing(folder)
    assert {name: after.get(name) for name in before} == dict(before)
