"""The style sheet of reports as HTML: screen and print."""

from typing import Final

STYLE: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei","Hiragino Sans","Malgun Gothic",sans-serif}
main{max-width:1180px;margin:0 auto;padding:2.2rem 1.4rem 3rem}
header .site{color:var(--accent);font-weight:600;letter-spacing:.02em}
h1{font-size:2rem;line-height:1.15;margin:.1rem 0 .3rem;font-weight:650}
h2{font-size:1.2rem;margin:0 0 .2rem;font-weight:650}
.lead{font-size:1.05rem;margin:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0;font-size:.86rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:1.4rem 0}
.tile{background:var(--band);border:1px solid var(--grid);border-radius:8px;padding:.65rem .85rem}
.tile .t{color:var(--muted);font-size:.8rem}
.tile .v{font-size:1.65rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.tile .c{font-size:.78rem;color:var(--muted)}
.warn{background:var(--warnpaper);color:var(--warn);border-left:4px solid var(--warn);padding:.5rem .8rem;
margin:.8rem 0;border-radius:0 6px 6px 0}
.warn p{margin:.1rem 0}
.empty{border:1px dashed var(--rule);border-radius:8px;padding:2.2rem 1rem;text-align:center;color:var(--muted);
font-size:1.05rem}
section{margin:2.2rem 0 0}
.note{color:var(--muted);margin:.1rem 0 .6rem;font-size:.88rem}
figure{margin:.7rem 0 1rem;max-width:900px}
svg{width:100%;height:auto;display:block;font-family:inherit;overflow:visible}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.84rem;font-variant-numeric:tabular-nums;min-width:40%}
th,td{padding:.28rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
th{font-weight:600;vertical-align:bottom;border-bottom:1.5px solid var(--rule);background:var(--paper);position:sticky;
top:0;min-width:3.2rem}
tr.g th{border-bottom:0;text-align:center;padding-bottom:0;position:static}
.r{text-align:right;white-space:nowrap}
.w{white-space:nowrap}
td.x{unicode-bidi:isolate;overflow-wrap:break-word;word-break:keep-all;max-width:24rem}
.s{border-left:1px solid var(--grid)}
th.n{text-align:right;max-width:7.2rem}
.b{color:var(--muted)}
.good{color:var(--good)}
.bad{color:var(--bad)}
tbody tr:nth-child(even) td{background:var(--band)}
tfoot td{font-weight:650;border-top:1.5px solid var(--rule);border-bottom:0}
footer{margin-top:2.6rem;padding-top:.9rem;border-top:1px solid var(--rule);color:var(--muted);font-size:.8rem}
@page{size:A4 landscape;margin:12mm}
@media print{
body{font-size:9pt}
table{font-size:7.2pt}
th,td{padding:.18rem .32rem}
th{min-width:0}
main{max-width:none;padding:0}
.scroll{overflow:visible}
thead{display:table-header-group}
tfoot{display:table-row-group}
th{position:static}
tr,figure,.tile,.warn{break-inside:avoid}
h2,.note{break-after:avoid}
body,.tile,tbody tr:nth-child(even) td,svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""
