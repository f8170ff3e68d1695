"""The links of a page of Markdown, and the names that its headings are linked by, as GitHub makes them."""

import re

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r'<a id="([^"]+)"></a>')
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def links_of(text):
    return LINK.findall(CODE.sub("", FENCE.sub("", text)))


def anchors_of(text):
    """Equal headings are told apart by -1, -2; a place within a text may have a name of its own."""
    found = {}
    for title in HEADING.findall(FENCE.sub("", text)):
        title = LINK.sub("]", title).replace("[", "").replace("]", "")
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found) | set(NAMED.findall(text))


def faults_of_page(path, text, read):
    """`read`: a path from the project's root -> its text, True for what is no page, None where nothing is there."""
    faults = []
    for link in links_of(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = text if not name else read(path, name)
        if target is None:
            faults.append(f"{path}: {link}: no such file")
        elif anchor and target is not True and anchor not in anchors_of(target):
            faults.append(f"{path}: {link}: no such heading")
    return faults
