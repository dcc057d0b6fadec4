"""Makes assets/fonts/Inter-*.otf from the OpenType files of Inter 4 (needs fontTools).

    python scripts/make_fonts.py FOLDER_WITH_INTER_OTF assets/fonts

egui knows no OpenType features, so the tabular figures (and the true fractions of their width: period,
comma, plus, minus) become the default glyphs, and everything the program does not print is left out.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x2B0, 0x2FF), (0x300, 0x304), (0x370, 0x3FF), (0x1E00, 0x1EFF),
    (0x2010, 0x2027), (0x2030, 0x203A), (0x2070, 0x209C), (0x20AC, 0x20AC), (0x2116, 0x2122),
    (0x2190, 0x2199), (0x21A9, 0x21AA), (0x21B5, 0x21B5), (0x21C4, 0x21C6), (0x21E7, 0x21E7), (0x2200, 0x22FF),
    (0x2318, 0x2318), (0x2325, 0x2325), (0x232B, 0x232B), (0x25A0, 0x25FF), (0x2713, 0x2717), (0x2605, 0x2606),
]


def main(source: Path, target: Path) -> None:
    for weight in ("Regular", "SemiBold"):
        font = TTFont(source / f"Inter-{weight}.otf")
        tabular = {}
        gsub = font["GSUB"].table
        for record in gsub.FeatureList.FeatureRecord:
            if record.FeatureTag == "tnum":
                for index in record.Feature.LookupListIndex:
                    for table in gsub.LookupList.Lookup[index].SubTable:
                        tabular.update(getattr(table, "ExtSubTable", table).mapping)
        # A unit or two of difference would make a column of figures tremble.
        figures = [tabular[name] for name in map(font.getBestCmap().get, map(ord, "0123456789")) if name in tabular]
        for name in figures:
            font["hmtx"][name] = (font["hmtx"][figures[0]][0], font["hmtx"][name][1])
        for table in font["cmap"].tables:
            for code, name in list(table.cmap.items()):
                if chr(code) in "0123456789.,+-−±×=:% " and name in tabular and chr(code) != " ":
                    table.cmap[code] = tabular[name]
        options = subset.Options(layout_features=["kern", "mark", "mkmk"], hinting=False, name_IDs=["*"])
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
        subsetter.subset(font)
        font.save(target / f"Inter-{weight}.otf")
        print(weight, len(font.getGlyphOrder()), "glyphs,", len(tabular), "tabular forms")


main(Path(sys.argv[1]), Path(sys.argv[2]))
