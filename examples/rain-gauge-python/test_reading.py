"""`python3 -m unittest` in this folder."""

import unittest

import reading


class Line(unittest.TestCase):
    def test_it_is_read(self):
        good = reading.read("S1, 430102, 2026-08-29T08:00:00+08:00, 12")
        self.assertEqual(good.time, 1_787_961_600_000_000)
        self.assertEqual(
            good.body(),
            b'{"readings":[{"datastream":"S1","observedProperty":"rainfall","unit":"mm",'
            b'"phenomenonTime":"2026-08-29T00:00:00Z","result":12.0,"quality":"good"}]}',
        )
        self.assertEqual(reading.written(1_787_961_600_250_000), "2026-08-29T00:00:00.25Z")

    def test_it_says_what_is_wrong(self):
        for line, said in [
            ("S1,430102", "a line has 4 fields, not 2"),
            (",430102,2026-08-29T00:00:00Z,1", "a station has 1 to 64 bytes"),
            ("S1,43010,2026-08-29T00:00:00Z,1", "`43010` is no region"),
            ("S1,430002,2026-08-29T00:00:00Z,1", "`430002` is no region"),
            ("S1,430102,2026-08-29,1", "`2026-08-29` is no RFC 3339 instant"),
            ("S1,430102,2026-13-29T00:00:00Z,1", "`2026-13-29T00:00:00Z` is no RFC 3339 instant"),
            ("S1,430102,2026-08-29T00:00:00Z,wet", "`wet` is no number"),
            ("S1,430102,2026-08-29T00:00:00Z,-1", "-1 mm in one report cannot be"),
        ]:
            with self.subTest(line), self.assertRaises(ValueError) as raised:
                reading.read(line)
            self.assertEqual(str(raised.exception), said)


if __name__ == "__main__":
    unittest.main()
