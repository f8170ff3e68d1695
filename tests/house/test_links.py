"""Every relative link of every page leads to a file, and to a heading of it."""

import pathlib
import unittest

import links
from test_house import ROOT, texts


def read(page, name):
    target = (ROOT / page).parent / name
    if not target.exists():
        return None
    return target.read_text(encoding="utf-8") if pathlib.PurePath(name).suffix == ".md" else True


class Links(unittest.TestCase):
    def test_this_tree(self):
        pages = [(path, text) for path, text in texts() if path.endswith(".md")]
        self.assertGreater(len(pages), 20)
        faults = [fault for path, text in pages for fault in links.faults_of_page(path, text, read)]
        self.assertEqual(faults, [], "\n".join(faults))

    def test_what_is_found(self):
        page = "# A `b`, c\n## Two\n## Two\n[x](#a-b-c) [y](#two-1) [z](gone.md) [w](#none) <a id=\"named\"></a>[s](#named) [v](https://a.b/#c) `[u](gone)`\n```\n[t](gone)\n# No\n```\n"
        faults = links.faults_of_page("p.md", page, lambda _, name: None)
        self.assertEqual(faults, ["p.md: gone.md: no such file", "p.md: #none: no such heading"])


if __name__ == "__main__":
    unittest.main()
