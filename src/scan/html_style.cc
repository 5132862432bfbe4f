#include "scan/html_style.h"

namespace dozo::scan {

const std::string_view kReportStyle = R"css(
:root{color-scheme:light dark;--bg:#f4f5f8;--card:#fff;--text:#171b24;--muted:#5d6675;--line:#e2e5eb;--track:#eceff4;
--head:#14213d;--head-text:#fff;--critical:#a50e3a;--high:#d6401f;--medium:#c98500;--low:#2c7fb8;--info:#7b8698;
--good:#2a8a57;--bad:#d6401f;--unknown:#b9c0cc;--plain:#4a6fb5;--code:#f2f4f8;--on:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#0f131b;--card:#181e29;--text:#e6e9f0;--muted:#9aa4b5;--line:#2a3242;
--track:#252d3b;--head:#0a0e16;--critical:#ff5c86;--high:#ff7a55;--medium:#e9b13b;--low:#5fb0e5;--info:#8d98ab;
--good:#52c286;--bad:#ff7a55;--unknown:#4b5567;--plain:#7c9de0;--code:#10151e;--on:#10151e}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
-webkit-text-size-adjust:100%}
header{background:var(--head);color:var(--head-text);padding:34px 0 76px}
header>div,main{max-width:1160px;margin:0 auto;padding:0 20px}
header h1{margin:0;font-size:28px;line-height:1.2;letter-spacing:-.01em}
header p{margin:6px 0 0;opacity:.8;overflow-wrap:anywhere}
header .brand{font-size:12px;letter-spacing:.14em;text-transform:uppercase;opacity:.7;margin:0 0 10px}
main{padding-bottom:48px;margin-top:-52px}
h2{font-size:20px;margin:36px 0 12px}
h3{font-size:15px;margin:0}
h4{font-size:12px;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);margin:22px 0 8px}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:12px;margin-bottom:12px}
.tile{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--c);border-radius:10px;
padding:12px 16px 10px;box-shadow:0 1px 2px #0000000d}
.tile b{display:block;font-size:30px;line-height:1.15;font-variant-numeric:tabular-nums;color:var(--c)}
.tile.zero b{color:var(--muted)}
.tile span{color:var(--muted);font-size:13px;text-transform:capitalize}
.verdict{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 18px;margin:0 0 12px}
.charts{display:grid;grid-template-columns:repeat(2,1fr);gap:12px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px 18px;min-width:0}
.note{color:var(--muted);font-size:13px;margin:2px 0 12px}
.note .dot:not(:first-child){margin-left:10px}
.dot{display:inline-block;width:10px;height:10px;border-radius:3px;background:var(--c);margin-right:7px}
.donut{display:grid;grid-template-columns:minmax(120px,168px) 1fr;gap:22px;align-items:center}
.donut svg{width:100%;height:auto}
.ring{fill:none;stroke:var(--track);stroke-width:5}
.arc{fill:none;stroke:var(--c);stroke-width:5}
.big,.small{fill:var(--text);text-anchor:middle;font-size:8.5px;font-weight:700}
.small{fill:var(--muted);font-size:3.4px;font-weight:400}
.legend{list-style:none;margin:0;padding:0;font-size:14px}
.legend li{display:flex;align-items:center;padding:3px 0;border-bottom:1px solid var(--line)}
.legend li:last-child{border:0}
.legend b{margin-left:auto;font-variant-numeric:tabular-nums}
.row{display:grid;grid-template-columns:148px 1fr 52px;gap:12px;align-items:center;padding:4px 0;font-size:14px}
.row b{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap;text-align:right}
.row span{overflow-wrap:anywhere}
.bar{width:100%;height:14px;display:block;border-radius:4px;overflow:hidden}
.track{fill:var(--track)}.fill{fill:var(--c)}
.critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--low)}.info{--c:var(--info)}
.good{--c:var(--good)}.bad{--c:var(--bad)}.unknown{--c:var(--unknown)}.plain{--c:var(--plain)}
.badge{display:inline-block;background:var(--c);color:var(--on);border-radius:5px;padding:1px 8px;font-size:11px;
font-weight:700;letter-spacing:.04em;text-transform:uppercase;line-height:18px;white-space:nowrap}
.badge.good{background:none;color:var(--c);box-shadow:inset 0 0 0 1px var(--c)}
details{background:var(--card);border:1px solid var(--line);min-width:0}
summary{cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary:focus-visible{outline:2px solid var(--plain);outline-offset:-2px}
.finding{border-left:4px solid var(--c);border-radius:8px;margin-bottom:8px}
.finding summary{display:grid;grid-template-columns:84px 1fr auto 14px;gap:12px;align-items:center;padding:11px 16px}
.finding summary::after,.host summary::after{content:"";width:8px;height:8px;border:solid var(--muted);
border-width:0 2px 2px 0;transform:rotate(45deg) translate(-2px,-2px);justify-self:end}
details[open]>summary::after{transform:rotate(225deg) translate(-2px,-2px)}
.what{font-weight:600}
.many{color:var(--muted);font-size:13px;white-space:nowrap}
.inside{padding:2px 18px 16px;border-top:1px solid var(--line);overflow-wrap:anywhere}
.inside p{margin:12px 0;max-width:76ch}
.fix{background:var(--code);border-radius:8px;padding:10px 14px;margin:10px 0}
.fix span{display:block;font-size:12px;color:var(--muted);margin-bottom:4px}
code{display:block;font:13px/1.55 ui-monospace,SFMono-Regular,Consolas,monospace;white-space:pre-wrap}
code+code{margin-top:6px}
kbd{font:inherit;display:inline-block;max-width:100%}
.places,.own,.shares{list-style:none;margin:8px 0 0;padding:0;display:grid;gap:0 24px;
grid-template-columns:repeat(auto-fill,minmax(300px,1fr))}
.places li,.own li,.shares li{padding:6px 0;border-bottom:1px solid var(--line);min-width:0}
.places i,.shares i{color:var(--muted);font-style:normal}
li small,.who small{display:block;color:var(--muted);font-size:12.5px}
.inside p.id{color:var(--muted);font:12px ui-monospace,SFMono-Regular,Consolas,monospace;margin:10px 0 0}
.hosts{border-radius:10px;overflow:hidden;border:1px solid var(--line)}
.headings,.host summary{display:grid;gap:14px;align-items:center;padding:10px 16px;
grid-template-columns:1.5fr 1.4fr 1.7fr .8fr .9fr 1fr 104px 14px}
.headings{background:var(--card);color:var(--muted);font-size:12px;text-transform:uppercase;letter-spacing:.05em}
.host{border-width:1px 0 0;border-radius:0}
.host summary:hover,.finding summary:hover{background:color-mix(in srgb,var(--plain) 7%,transparent)}
.cell{min-width:0;overflow-wrap:anywhere;font-size:14px}
.cell em{display:none}
.last{text-align:right}
.is-good{color:var(--good)}.is-bad{color:var(--bad);font-weight:600}.is-unknown{color:var(--muted)}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:0 28px}
dl div{display:grid;grid-template-columns:150px 1fr;gap:10px;padding:5px 0;border-bottom:1px solid var(--line);
min-width:0}
dt{color:var(--muted);font-size:13.5px}
dd{margin:0;font-size:14px;min-width:0}
dd small{color:var(--muted);font-size:12.5px}
.state{font-weight:600}
.state.untested{color:var(--muted);font-weight:400}
.chip{display:inline-block;border:1px solid var(--line);border-radius:5px;padding:0 6px;margin:0 4px 3px 0;
font-size:12.5px;line-height:19px}
.chip.no{color:var(--muted);text-decoration:line-through}
.chip.untested{color:var(--muted);border-style:dashed}
.chip.yes{border-color:var(--plain);color:var(--plain);font-weight:600}
.empty{color:var(--muted)}
footer{max-width:1160px;margin:0 auto;padding:0 20px 40px;color:var(--muted);font-size:13px}
@media(max-width:900px){.charts{grid-template-columns:1fr}}
@media(max-width:720px){header{padding:24px 0 70px}header>div,main{padding-left:12px;padding-right:12px}
header h1{font-size:23px}
.tiles{grid-template-columns:repeat(5,1fr);gap:6px}.tile{padding:8px 4px 6px;text-align:center}
.tile b{font-size:22px}.tile span{font-size:11px}
.donut{grid-template-columns:1fr;justify-items:center;gap:12px}.donut svg{max-width:168px}.legend{width:100%}
.row{grid-template-columns:124px 1fr 46px;gap:8px;font-size:13px}
.finding summary{grid-template-columns:1fr auto 14px;gap:6px 10px;padding:10px 12px}
.finding .badge{justify-self:start}.what{grid-row:2;grid-column:1/3}.many{grid-row:1;grid-column:2}
.headings{display:none}.hosts{border:0;overflow:visible;border-radius:0}
.host{border-width:1px;border-radius:10px;margin-bottom:8px}
.host summary{grid-template-columns:1fr 1fr;align-items:start;gap:8px 12px;padding:12px 14px;position:relative}
.host summary::after{position:absolute;right:14px;bottom:16px}
.who{grid-column:1}.last{grid-column:2;grid-row:1}
.cell em{display:block;font-style:normal;font-size:11px;color:var(--muted);font-weight:400}
.inside{padding:2px 14px 14px}dl{grid-template-columns:1fr}dl div{grid-template-columns:112px 1fr}
.places,.own,.shares{grid-template-columns:1fr}}
@media print{body{background:none}header{background:none;color:#000;padding:0 0 12px}main{margin:0;padding:0}
details,.card,.tile{break-inside:avoid}::details-content{content-visibility:visible;display:block}}
)css";

}  // namespace dozo::scan
