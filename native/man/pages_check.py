"""Checks the manual: complete, each function on one page, and clean by the tools that read it.

usage: pages_check.py NM LIBRARY DIRECTORY [MAN] [MANDOC]
"""

import os
import re
import subprocess
import sys


def run(*command, env=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0 or done.stderr.strip():
        sys.exit(f"{' '.join(command)}\n{done.stdout[:2000]}{done.stderr}")
    return done.stdout


def main():
    nm, library, directory = sys.argv[1:4]
    tools = [tool for tool in sys.argv[4:] if not tool.endswith("-NOTFOUND")]
    exported = {line.split()[-1] for line in run(nm, "-D", "--defined-only", library).splitlines()}
    where = {}
    for file in sorted(os.listdir(directory)):
        with open(os.path.join(directory, file), encoding="ascii") as page:
            text = page.read()
        link = re.fullmatch(r"\.so man3/(\S+)\n", text)
        if link:
            if not os.path.exists(os.path.join(directory, link.group(1))):
                sys.exit(f"{file} leads to {link.group(1)}, which isn't there")
            continue
        names = text.split(".SH NAME\n", 1)[1].split(" \\- ", 1)[0]
        for name in names.split(", "):
            where.setdefault(name, []).append(file)
            if name.startswith("cx_"):
                if not re.search(rf"\b{name}\(", text.split(".SH DESCRIPTION")[0]):
                    sys.exit(f"{file} has no synopsis of {name}")
                if not re.search(rf"^\.SS .*\b{name}\b", text, re.M):
                    sys.exit(f"{file} doesn't describe {name}")
                with open(os.path.join(directory, name + ".3"), encoding="ascii") as link:
                    if link.read() != f".so man3/{file}\n":
                        sys.exit(f"{name}.3 doesn't lead to {file}")
    described = {name for name in where if name.startswith("cx_")}
    if described != exported or not exported:
        sys.exit(f"exported, not described: {sorted(exported - described)}\n"
                 f"described, not exported: {sorted(described - exported)}")
    twice = {name: files for name, files in where.items() if len(files) > 1}
    if twice:
        sys.exit(f"described twice: {twice}")
    pages = sorted({files[0] for files in where.values()})
    for page in pages:
        path = os.path.join(directory, page)
        for tool in tools:
            if os.path.basename(tool) == "man":
                environment = dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8")
                run(tool, "--warnings", "-l", path, env=environment)
            else:
                run(tool, "-T", "lint", "-W", "warning", path)
    print(f"{len(exported)} functions on {len(pages)} pages; checked with {tools or 'no tool'}")


main()
