"""Real shells on a terminal of their own, with the completion that is shipped: what becomes of a line."""

import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

import pytest
import terminals
from points import DEADLINE_S

FILES = Path(__file__).resolve().parents[2] / "packaging/completion"
COLUMNS = 4000

# All that is possible is put into the line (^X^A), which is then shown (^X^P) and emptied.
BASH = r"""
PS1='$ '
HISTFILE=
source /usr/share/bash-completion/bash_completion
source %s
bind 'set enable-bracketed-paste off'
bind '"\C-x\C-a": insert-completions'
show() { printf '\n[[%%s]]\n' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\C-x\C-p": show'
printf '[[%%s]]\n' ready
"""
ZSH = r"""
PS1='$ '
fpath=(%s $fpath)
autoload -U compinit && compinit -u -D
zstyle ':completion:all:*' completer _all_matches _complete
zstyle ':completion:all:*' insert true
zstyle ':completion:all:*' old-matches false
zle -C all complete-word _generic
show() { printf '\n[[%%s]]\n' "$BUFFER"; BUFFER=; }
zle -N show
bindkey -e
bindkey '^X^A' all
bindkey '^X^P' show
printf '[[%%s]]\n' ready
"""


class Shell:
    """`kind` is bash or zsh; `enter` is put before its command, to start it in a room."""

    def __init__(self, kind, folder, enter=()):
        needed = {"bash": "/usr/share/bash-completion/bash_completion", "zsh": "/bin/zsh"}[kind]
        if not os.path.exists(needed):
            pytest.skip(f"{needed} is not installed")
        self.kind, self.seen = kind, b""
        (folder / ".zshrc").write_text(ZSH % FILES)
        (folder / "bashrc").write_text(BASH % (FILES / "altimeter.bash"))
        options = {"bash": ["--rcfile", str(folder / "bashrc"), "-i"], "zsh": ["-d", "-i"]}[kind]
        command = [*enter, "env", f"--chdir={folder}", kind, *options]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ZDOTDIR": str(folder),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
        }
        self.pid, self.terminal = terminals.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
                os.execvpe(command[0], command, environment)
            finally:
                os._exit(127)
        try:
            assert self.read() == "ready"
        except BaseException:
            self.close()
            raise

    def read(self):
        """The next text in double brackets."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            found = re.search(rb"\[\[(.*?)\]\]\r?\n", self.seen, re.S)
            if found:
                self.seen = self.seen[found.end() :]
                return found[1].decode()
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.terminal], [], [], left)[0], f"no answer: {self.seen!r}"
            self.seen += os.read(self.terminal, 65536)

    def complete(self, line):
        """The line, with all that it can be completed to in place of its last word."""
        return self.type(line, b"\x18\x01")

    def tab(self, line):
        """The line after the key of that name."""
        return self.type(line, b"\t")

    def type(self, line, key):
        os.write(self.terminal, line.encode() + key + b"\x18\x10")
        return self.read()

    def words(self, line):
        """What the last word can become, sorted; nothing where it stays as it is."""
        begin = line.rpartition(" ")[0] + " "
        whole = self.complete(line)
        assert whole.startswith(begin), (line, whole)
        found = re.findall(r"(?:\\.|[^ \\])+", whole[len(begin) :])
        return sorted(found) if whole.rstrip() != line.rstrip() else []

    def close(self):
        """Ends it, by what a terminal that goes away does."""
        os.close(self.terminal)
        for number in (signal.SIGHUP, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                break
        os.waitpid(self.pid, 0)
