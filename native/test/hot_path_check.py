#!/usr/bin/env python3
"""Shows from the machine code that a look-up executes no atomic read-modify-write and no barrier.

  hot_path_check.py check OBJDUMP LIBRARY    the library's look-ups must be free of them
  hot_path_check.py catch OBJDUMP LIBRARY    of hot_path_cases.c: every bad_* must be found out, and
                                             every good_* pass

A function counts with all that it calls or jumps to, except the functions in COLD, which a hit never
reaches. What can't be followed, a call through a pointer or out of the library, is a finding too.
x86-64 and AArch64; what an instruction does is told by its name. Reads what the objdump of binutils
or of LLVM writes.
"""

import re
import subprocess
import sys

# The look-ups: those whose hit is in the thread's cache, and the walks that a miss takes.
HOT = [
    "cx_var_lookup",
    "cx_record_lookup",
    "cx_record_lookup_topmost",
    "cx_record_find",
    "cx_link_find",
    "cx_hamt_find",
    "cx_hamt_get",
]

# Name: why a look-up that hits doesn't come here.
COLD = {
    "globals_lookup": "only where no context has the variable",
    "self_draw": "the first call of a thread",
}

# What the linker puts in to find the thread's own variables; it only reads.
LINKER = {"__tls_get_addr"}

# To a shared word: one instruction that reads and writes it, or one of a pair that does so.
ATOMIC = {
    "x86-64": re.compile(r"lock\b|xacquire\b|xrelease\b|xchg\w*\s.*\("),
    "aarch64": re.compile(
        r"(ld|st)(add|clr|eor|set|[su]max|[su]min)(a|l|al)?[bh]?\s"
        r"|swpp?(a|l|al)?[bh]?\s|casp?(a|l|al)?[bh]?\s|lda?xr[bh]?\s|lda?xp\s|stl?xr[bh]?\s|stl?xp\s"
    ),
}
BARRIER = {
    "x86-64": re.compile(r"[mls]fence\b|cpuid\b|serialize\b"),
    "aarch64": re.compile(r"dmb\b|dsb\b|isb\b"),
}
# Orders one access and isn't a barrier: told in the report, and allowed.
ORDERED = {
    "x86-64": re.compile(r"$^"),
    "aarch64": re.compile(r"ldap?u?r[bh]?\s|stlu?r[bh]?\s"),
}
UNREADABLE = re.compile(r"<unknown>|\(bad\)|\.(inst|word|byte)\b|udf\b")
BRANCH = {
    "x86-64": re.compile(
        r"(?:(?:bnd|notrack|data16|rex\S*)\s+)*(?:callq?|j[a-z]+|loop\w*)\s+(.*)"
    ),
    "aarch64": re.compile(r"(?:blr?|br|b(?:\.\w+)?|cbn?z|tbn?z|[bl]+ra[ab]z?)\s+(.*)"),
}
TARGET = re.compile(r"[0-9a-f]+ <([^>+@]+)(@plt)?(?:\+0x[0-9a-f]+)?>")

# How code for AArch64 finds a thread's own variable: a call through a descriptor that the linker
# has filled in. The ABI fixes the sequence, all but the scheduling of other instructions into it.
DESCRIPTOR = [r"adrp\s+x0,", r"ldr\s+(x\d+), \[x0, #\d+\]", r"add\s+x0, x0, #", r"blr\s+"]


def read(objdump, library):
    """The library's architecture, and the instructions of each function."""
    text = subprocess.run(
        [objdump, "-d", "--no-show-raw-insn", library], check=True, capture_output=True, text=True
    ).stdout
    form = re.search(r"file format elf64-(x86-64|littleaarch64)", text)
    if form is None:
        sys.exit(f"{library} is for an architecture that isn't known here")
    functions = {}
    for line in text.splitlines():
        start = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if start:
            code = functions.setdefault(start.group(1), [])
            continue
        instruction = re.match(r"\s*[0-9a-f]+:\s+(\S.*)", line)
        if instruction:
            code.append(re.split(r"\s*(?://|#\s)", instruction.group(1).strip())[0])
    return form.group(1).removeprefix("little"), functions


def by_descriptor(code, at):
    """Whether the indirect call at code[at] has the form in which a thread's variable is found."""
    wanted = len(DESCRIPTOR) - 1
    for instruction in reversed(code[max(0, at - 8) : at + 1]):
        if re.match(DESCRIPTOR[wanted], instruction):
            wanted -= 1
            if wanted < 0:
                return True
    return False


def examine(architecture, functions, name):
    """What is wrong with a function and all it leads to; and how many instructions and ordered
    accesses there are."""
    findings = []
    instructions = ordered = 0
    todo, seen = [name], {name}
    while todo:
        function = todo.pop()
        code = functions.get(function)
        if not code:
            findings.append(f"{function}: has no code in the library")
            continue
        instructions += len(code)
        for at, instruction in enumerate(code):
            if ATOMIC[architecture].match(instruction):
                findings.append(f"{function}: atomic read-modify-write: {instruction}")
            if BARRIER[architecture].match(instruction):
                findings.append(f"{function}: barrier: {instruction}")
            if UNREADABLE.match(instruction):
                findings.append(f"{function}: an instruction that objdump doesn't know: {instruction}")
            ordered += bool(ORDERED[architecture].match(instruction))
            branch = BRANCH[architecture].match(instruction)
            if branch is None:
                continue
            target = TARGET.search(branch.group(1))
            if target is None:
                if not by_descriptor(code, at):
                    findings.append(f"{function}: goes to an unknown place: {instruction}")
            elif target.group(2):
                if target.group(1) not in LINKER:
                    findings.append(f"{function}: leaves the library: {instruction}")
            elif target.group(1) not in seen and target.group(1) not in COLD:
                seen.add(target.group(1))
                todo.append(target.group(1))
    return findings, instructions, ordered


def check(architecture, functions):
    failed = False
    for name in HOT:
        findings, instructions, ordered = examine(architecture, functions, name)
        print(f"{name}: {instructions} instructions within reach, {ordered} of them ordered accesses")
        for finding in findings:
            print(f"  {finding}")
        failed |= bool(findings)
    for name in sorted(COLD.keys() - functions.keys()):
        print(f"{name}: isn't in the library, so its entry in COLD excuses nothing")
        failed = True
    return failed


def catch(architecture, functions):
    failed = False
    cases = sorted(name for name in functions if re.fullmatch(r"(bad|good)_\w+", name))
    for name in cases:
        findings, _, _ = examine(architecture, functions, name)
        print(f"{name}:", "; ".join(findings) or "nothing found")
        failed |= bool(findings) != name.startswith("bad_")
    return failed or {name.split("_")[0] for name in cases} != {"bad", "good"}


mode, objdump, library = sys.argv[1:]
sys.exit({"check": check, "catch": catch}[mode](*read(objdump, library)))
