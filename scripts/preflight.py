"""Say in one line what this machine lacks before anything is installed; silent and 0 when all is there, else 2.

Runs on any Python from 3.3, so that one that is too old can still say so: no annotations, no f-strings, and nothing
outside the standard library.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile

OLDEST = (3, 11)
NEWEST = (3, 13)

PROGRAM = "#include <Python.h>\n#include <math.h>\nint main(void) { return 0; }\n"


def python_problem(version):
    """What is wrong with a version (major, minor), or None."""
    if OLDEST <= version <= NEWEST:
        return None
    return (
        "this is Python %d.%d, and Shelfwise needs 3.11 (3.12 and 3.13 will do): "
        "install it, or name it with PYTHON=/path/to/python3.11" % version
    )


def venv_problem():
    """Debian ships Python without the parts that make an environment; None when they are there."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "this Python cannot make environments: on Debian, apt install python%d.%d-venv" % sys.version_info[:2]
    return None


def compiler_problem(command, include):
    """Why LightFM could not be built with this compiler and these headers, or None: found by compiling one line.

    Parameters
    ----------
    command : the compiler with its options, as in CC; the same that pip will use
    include : folder where this Python keeps Python.h
    """
    words = shlex.split(command)
    if not words or shutil.which(words[0]) is None:
        return (
            "no C compiler %r, and LightFM is built from source: on Debian, apt install build-essential; "
            "on macOS, xcode-select --install; or name another one with CC=gcc" % (words[0] if words else "cc")
        )
    if not os.path.exists(os.path.join(include, "Python.h")):
        return "no Python.h in %s, and LightFM is built from source: on Debian, apt install python%d.%d-dev" % (
            (include, sys.version_info[0], sys.version_info[1])
        )
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "one_line.c")
        with open(source, "w") as out:
            out.write(PROGRAM)
        compiling = subprocess.Popen(
            words + ["-I", include, "-c", source, "-o", source + ".o"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = compiling.communicate()[0].decode("utf-8", "replace")
    if compiling.returncode == 0:
        return None
    errors = [line for line in output.splitlines() if "error" in line] or output.splitlines() or ["no message"]
    return (
        "the C compiler %r cannot compile one line (%s), and LightFM is built from source: "
        "on Debian, apt install build-essential" % (words[0], errors[0].strip())
    )


def problems():
    """Everything that this machine lacks, in the order in which to mend it."""
    wrong_python = python_problem(tuple(sys.version_info[:2]))
    if wrong_python:
        return [wrong_python]
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    found = [venv_problem(), compiler_problem(compiler, sysconfig.get_paths()["include"])]
    return [problem for problem in found if problem]


def main():
    """Print the problems as one line; the exit status."""
    found = problems()
    if found:
        sys.stderr.write("Cannot set up Shelfwise: %s\n" % "; and ".join(found))
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
