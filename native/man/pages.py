"""Makes a manual (section 3) of contexture.h.

usage: pages.py VERSION HEADER DIRECTORY

The header is divided by lines like "/* ---- title -- */". contexture(3) has what stands before the
first of them; every part with functions becomes a page, contexture_TITLE(3), and every function
a page that leads there. Nothing is said in the manual that isn't in the header.
"""

import os
import re
import sys
import time

TITLE = re.compile(r"^/\* -{3,} (.+?) -- \*/$", re.M)
FUNCTION = re.compile(r"\b(cx_[a-z0-9_]+)\(")


def fail(message):
    sys.exit("pages.py: " + message)


def escape(text):
    """As roff wants it: nothing here is markup."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")
    return re.sub(r"^\.", r"\\&.", text, flags=re.M)


def lines_of(comment):
    """The text of a comment, without what makes it one."""
    body = comment[2:-2]
    out = []
    for line in body.split("\n"):
        out.append(re.sub(r"^ ?\*? ?", "", line, count=1).rstrip() if out else line.strip())
    while out and not out[0]:
        out.pop(0)
    while out and not out[-1]:
        out.pop()
    return out


def prose(lines):
    """Paragraphs as such; what is indented, as it stands."""
    roff = []
    block = []
    verbatim = False

    def flush():
        nonlocal block
        while block and not block[-1].strip():
            block.pop()
        if block:
            if verbatim:
                roff.extend([".PP", ".nf", ".RS 4"])
                roff.extend(escape(line) if line.strip() else "" for line in block)
                roff.extend([".RE", ".fi"])
            else:
                roff.append(".PP")
                roff.extend(escape(line) for line in block)
        block = []

    for line in lines:
        indented = line.startswith("  ")
        if not line.strip():
            if verbatim:
                block.append("")
            else:
                flush()
            continue
        if indented != verbatim:
            flush()
            verbatim = indented
        block.append(line[2:] if indented else line)
    flush()
    # An empty line inside a block without filling is a blank line of output.
    return [line if line else ".sp" for line in roff]


def items(text):
    """The comments and the declarations of a part, in their order."""
    found = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("/*", at):
            end = text.index("*/", at) + 2
            found.append(("comment", text[at:end]))
            at = end
        elif text[at] == "#":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.append(("directive", text[at:end]))
            at = end
        else:
            depth = 0
            end = at
            while text[end] != ";" or depth:
                if text.startswith("/*", end):
                    end = text.index("*/", end)
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            found.append(("declaration", text[at : end + 1]))
            at = end + 1
    return found


def synopsis(declaration):
    text = declaration.replace("CX_API ", "").rstrip()
    return [escape(line) if line.strip() else ".sp" for line in text.split("\n")]


def page(name, summary, version, body):
    title = name.upper()
    head = [
        '.\\" Made from contexture.h by pages.py.',
        f'.TH {escape(title)} 3 "{date()}" "libcontexture {version}" "Library Functions Manual"',
        ".SH NAME",
        f"{escape(summary[0])} \\- {escape(summary[1])}",
    ]
    roff = []
    for line in head + body:
        if line == ".PP" and roff[-1].startswith((".SH", ".SS")):
            continue  # a heading begins a paragraph by itself
        roff.append(line)
    return "\n".join(roff) + "\n"


def date():
    """The day of the build, or the one that a reproducible build is told."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def make_part(title, text, version):
    """The name, the text and the functions of the page of one part; None if it has no functions."""
    functions = []
    types = []
    description = []
    pending = None
    last = None
    for kind, item in items(text):
        if kind == "comment":
            if pending is not None:
                description.extend(prose(lines_of(pending)))
            pending = item
            continue
        match = FUNCTION.search(item) if item.startswith("CX_API") else None
        if match:
            functions.append((match.group(1), item))
            if pending is not None:
                last = [".SS " + escape(match.group(1)), *prose(lines_of(pending))]
                description.extend(last)
            elif last is not None:  # shares the comment of the one before
                at = len(description) - len(last)
                description[at] += ", " + escape(match.group(1))
                last[0] = description[at]
            else:
                fail(f"{match.group(1)} has no comment")
        else:
            types.append(item)
            if pending is not None:
                description.extend(prose(lines_of(pending)))
            last = None
        pending = None
    if not functions:
        return None
    name = "contexture_" + re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    body = [".SH SYNOPSIS", ".nf", ".B #include <contexture.h>"]
    for item in types:
        body += [".PP", *synopsis(item)]
    for _, item in functions:
        body += [".PP", *synopsis(item)]
    body += [".fi", ".SH DESCRIPTION", *description, ".SH SEE ALSO", ".BR contexture (3)"]
    names = ", ".join(function for function, _ in functions)
    return name, page(name, (names, title), version, body), [f for f, _ in functions]


def main():
    if len(sys.argv) != 4:
        fail("usage: pages.py VERSION HEADER DIRECTORY")
    version, header, directory = sys.argv[1:]
    with open(header, encoding="ascii") as file:
        text = file.read()
    titles = list(TITLE.finditer(text))
    end = text.rindex("#ifdef __cplusplus")
    os.makedirs(directory, exist_ok=True)
    for stale in os.listdir(directory):
        os.remove(os.path.join(directory, stale))

    def write(name, content):
        with open(os.path.join(directory, name + ".3"), "x", encoding="ascii") as file:
            file.write(content)

    pages = []
    for i, title in enumerate(titles):
        until = titles[i + 1].start() if i + 1 < len(titles) else end
        part = make_part(title.group(1), text[title.end() : until], version)
        if part is not None:
            name, content, functions = part
            write(name, content)
            for function in functions:
                write(function, f".so man3/{name}.3\n")
            pages.append(name)
    opening = lines_of(text[: text.index("*/") + 2])
    summary = opening[0].split(" - ", 1)[1].rstrip(".")
    body = [".SH SYNOPSIS", ".nf", ".B #include <contexture.h>", ".PP"]
    body += ["cc ... \\-lcontexture", ".fi", ".SH DESCRIPTION", *prose(opening[1:])]
    body += [".SH SEE ALSO"]
    body += [f".BR {page} (3)" + ("," if page != pages[-1] else "") for page in pages]
    write("contexture", page("contexture", ("contexture", summary), version, body))


main()
