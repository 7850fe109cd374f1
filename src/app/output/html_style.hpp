#pragma once

#include <string_view>

namespace hw::app::output {

/// The report's style sheet: light and dark by the reader's preference, plain on paper.
inline constexpr std::string_view kHtmlStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--card:#f5f7f9;--ink:#1a232d;--soft:#5a6673;--line:#d5dce3;--grid:#e6ebef;--in:#8fc1de;--inedge:#2a7fae;
--out:#b4420c;--accent:#0a5c80;--pill:#fff;--warn:#fff1cf;--warnink:#6b4700;--strip:#eaf1f6}
@media (prefers-color-scheme:dark){:root{--bg:#12171d;--card:#1a2129;--ink:#e4eaf0;--soft:#9ba8b5;--line:#38434f;--grid:#252e38;--in:#2d6484;
--inedge:#66b5e0;--out:#ffab6b;--accent:#7cc6ea;--pill:#12171d;--warn:#4a3708;--warnink:#ffdf95;--strip:#1c2a35}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#e4e4e4;--in:#8fc1de;--inedge:#2a7fae;--out:#b4420c;
--accent:#0a5c80;--pill:#fff;--warn:#fff;--warnink:#000;--strip:#f2f6f9}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
.page{border-collapse:collapse;width:100%;table-layout:fixed}.page>*>tr>td{padding:0}
.banner{background:var(--warn);color:var(--warnink);border-bottom:1px solid var(--line);padding:.5em 1em;text-align:center;font-weight:600;overflow-wrap:anywhere}
main{max-width:1140px;margin:0 auto;padding:1.6em 1.8em 3em}
.kicker{color:var(--soft);margin:0 0 .3em;font-size:.95em}h1{font-size:1.65em;line-height:1.3;margin:.1em 0 .6em;text-wrap:balance}
h2{font-size:1.25em;margin:2.2em 0 .6em;padding-top:.7em;border-top:1px solid var(--line)}h3{font-size:1.08em;margin:0 0 .5em}
p{max-width:78ch;margin:.5em 0}code,.mono{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.92em;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:.8em;margin:1.2em 0;padding:0;list-style:none}
.facts li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6em .9em;flex:1 1 200px}
.facts b{display:block;font-size:1.1em;overflow-wrap:anywhere}.facts span{color:var(--soft);font-size:.88em}
figure{margin:1em 0;overflow-x:auto}figcaption{color:var(--soft);font-size:.88em;max-width:90ch;margin-top:.4em}
svg{display:block;width:100%;height:auto}svg.trail,svg.chart{min-width:720px}svg.scale{max-width:540px}
svg text{font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft)}svg .tick{fill:var(--soft);font-size:11px;text-anchor:middle}svg .tick.first{text-anchor:start}
svg .side{fill:var(--soft);font-size:11.5px;text-anchor:end}
.lane{stroke:var(--soft);stroke-width:1.4}.lane.unseen{stroke-dasharray:1.5 5;stroke-linecap:round}
svg .role{font-size:11px;fill:var(--soft)}svg .host{font:600 13px ui-monospace,"DejaVu Sans Mono",monospace}svg .seen{font-size:10.5px;fill:var(--soft)}
.strip{fill:var(--strip);stroke:var(--inedge);stroke-width:1.2}.act{stroke:var(--inedge);stroke-width:1.7;fill:none}.act.back{opacity:.6}
.open{stroke:var(--ink);stroke-width:1.5}.tip{fill:var(--ink)}.ltip{fill:var(--out)}
svg .label{font-size:11.5px;paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}svg .more{font-size:18px;font-weight:700}
.link{stroke:var(--out);stroke-width:1.8;stroke-dasharray:6 4;fill:none}.pill{fill:var(--pill);stroke:var(--out);stroke-dasharray:6 4;stroke-width:1.2}
svg .pilltext{text-anchor:middle;font-size:11.5px}svg .pilltext.strong{font-size:15px;font-weight:700}
.end{fill:var(--bg);stroke:var(--accent);stroke-width:2.4}.end.open{stroke:var(--out);stroke-dasharray:5 3.5;stroke-width:1.8}.core{fill:var(--accent)}
svg .endtext{font-size:13px;font-weight:600}
.in{fill:var(--in);stroke:none}.out{fill:none;stroke:var(--out);stroke-width:1.4;stroke-linejoin:round}
.zone{fill:var(--inedge)}.z0{fill:var(--out);opacity:.45}.z1{opacity:.1}.z2{opacity:.25}.z3{opacity:.45}.z4{opacity:.7}.z5{opacity:1}
svg .zname{font-size:10.5px;fill:var(--soft);text-anchor:middle}.mark{fill:var(--ink);stroke:var(--bg);stroke-width:1.2}svg .value{font-weight:700;font-size:13px}
.hop{border:1px solid var(--line);border-radius:10px;padding:1.1em 1.2em;margin:1.2em 0;background:var(--bg)}
.key{display:inline-block;width:1.5em;height:.75em;vertical-align:baseline;margin:0 .3em 0 .1em}.key.i{background:var(--in)}
.key.o{border-top:2px solid var(--out);height:.35em}.key.d{border-top:2px dashed var(--out);height:.35em}.key.t{border-top:2px dotted var(--soft);height:.35em}
table.t{border-collapse:collapse;width:100%;font-size:.93em;margin:.6em 0}table.t th{text-align:left;color:var(--soft);font-weight:600;border-bottom:1.5px solid var(--line)}
table.t th{white-space:nowrap}
table.t th,table.t td{padding:.35em .8em .35em 0;vertical-align:top;overflow-wrap:break-word}table.t td{border-bottom:1px solid var(--grid)}
table.t .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.two{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1em 2em}@media (max-width:800px){.two{grid-template-columns:minmax(0,1fr)}}
details{margin:.6em 0}summary{cursor:pointer;color:var(--accent);font-weight:600}
.verdict{background:var(--card);border-left:4px solid var(--accent);border-radius:0 8px 8px 0;padding:.7em 1.1em;margin:1em 0}.verdict.open{border-left:4px dashed var(--out)}
.wide{overflow-x:auto}.unused{color:var(--warnink);background:var(--warn)}footer{color:var(--soft);font-size:.9em;margin-top:3em}
@media screen and (max-width:800px){main{padding:1em}.hop{padding:.8em}h1{font-size:1.35em}.wide table.t{min-width:680px}}
@media print{body{font-size:9pt}main{max-width:none;padding:.6em 0}h1{font-size:14pt}h2{font-size:11.5pt;margin:1.4em 0 .4em}
figure,.wide{overflow:visible;margin:.5em 0}svg.trail,svg.chart{min-width:0}svg.scale{max-width:300px}figure,tr,.verdict,.facts{break-inside:avoid}
h2,h3,summary{break-after:avoid}.facts{gap:.5em;margin:.6em 0}.facts li{flex:1 1 100px;padding:.4em .6em}.hop{padding:.6em .8em;margin:.7em 0}
table.t{font-size:8pt}p{max-width:none}code,.mono{font-size:.88em}summary{list-style:none}}
)css";

/// How every page begins, up to its title: no script, no request to anywhere, whatever the input says.
inline constexpr std::string_view kHtmlHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n";

}  // namespace hw::app::output
