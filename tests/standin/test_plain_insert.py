"""What the quick look at INSERTs lets through must be what the translator would not have touched."""

import unittest

from plain_insert import is_plain_insert
from redshift_sql import translate, translate_text
from redshift_words import LITERAL_BYTES_MAX

KNOWN = [
    "INSERT INTO t VALUES (1)",
    "insert into s.t (a, b) values ('a', NULL), ('b', -1.5e3)",
    "INSERT INTO t VALUES ('')",
    r"INSERT INTO t VALUES ('it''s', 'a\'b', 'c\\', '''', '\\\'')",
    'INSERT INTO "t" ("a") VALUES (TRUE),(default)',
    "INSERT INTO t VALUES ('-- no comment /* */ E''')",
    "INSERT INTO t VALUES (';'),\n('\u00e4\U0001f680')",
]
UNKNOWN = [
    "INSERT INTO t VALUES (E'a')",
    "INSERT INTO t VALUES (1) -- x",
    "INSERT INTO t VALUES (f('x'))",
    "INSERT INTO t SELECT 1",
    "INSERT INTO t VALUES ('a') RETURNING a",
    "INSERT INTO t VALUES ('a'); DROP TABLE t",
    "INSERT INTO t VALUES ('a'::json)",
    'INSERT INTO "T" VALUES (1)',
    "INSERT INTO t VALUES ('open",
    "INSERT INTO t VALUES (1 /* ' */)",
    r"INSERT INTO t VALUES ('\')",
    "INSERT INTO t VALUES ($1)",
    "INSERT INTO t VALUES (1.5.2x)",
    "INSERT INTO t VALUES ('a' 'b' E'c')",
    "INSERT INTO t VALUES ('" + "x" * (LITERAL_BYTES_MAX + 1) + "')",
    "INSERT INTO t VALUES (JSON_PARSE('{}'))",
    "INSERT INTO t VALUES ([1])",
    "SELECT 1",
]


def look(latin):
    return is_plain_insert(latin, LITERAL_BYTES_MAX)


class PlainInserts(unittest.TestCase):
    def same_by_the_long_way(self, latin):
        [found] = translate_text(latin, False)
        self.assertEqual((found.refusal, found.text, found.kind), (None, latin.rstrip(), "insert"))

    def test_known(self):
        for sql in KNOWN:
            with self.subTest(sql):
                latin = sql.encode().decode("latin-1")
                self.assertTrue(look(latin))
                self.same_by_the_long_way(latin)

    def test_unknown(self):
        for sql in UNKNOWN:
            with self.subTest(sql[:60]):
                self.assertFalse(look(sql))

    def test_cut_anywhere(self):
        whole = KNOWN[3]
        taken = [end for end in range(len(whole)) if look(whole[:end])]
        for end in taken:
            self.same_by_the_long_way(whole[:end])

    def test_translate_uses_it(self):
        [found] = translate(KNOWN[3])
        self.assertEqual((found.text, found.kind), (KNOWN[3], "insert"))


if __name__ == "__main__":
    unittest.main()
