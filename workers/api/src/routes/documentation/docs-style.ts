/** Style of the API reference page. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2f6fde; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
header { position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: 12px; align-items: center;
  padding: 10px 20px; background: Canvas; border-bottom: 1px solid var(--line); z-index: 1; }
header h1 { font-size: 17px; margin: 0; flex: 1 1 200px; }
main { max-width: 1000px; margin: 0 auto; padding: 0 20px 60px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 14px; padding: 14px 0; }
h2 { margin: 28px 0 8px; font-size: 20px; }
h3 { margin: 16px 0 4px; font-size: 14px; }
a { color: var(--accent); }
details { border: 1px solid var(--line); border-radius: 6px; margin: 6px 0; }
summary { display: flex; gap: 10px; align-items: baseline; padding: 8px 12px; cursor: pointer; }
summary::before { content: '+'; width: 1ch; font-family: ui-monospace, monospace; }
details[open] > summary::before { content: '-'; }
.body { padding: 0 14px 14px; }
.method { font: 700 12px ui-monospace, monospace; min-width: 56px; }
.GET { color: #1a7f37; } .POST { color: #2f6fde; } .PUT, .PATCH { color: #9a6700; } .DELETE { color: #cf222e; }
code, pre, textarea, .path { font-family: ui-monospace, monospace; font-size: 13px; }
.quiet { opacity: .7; }
pre { overflow: auto; max-height: 420px; padding: 10px; margin: 4px 0; background: var(--soft); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 4px 8px; border-bottom: 1px solid var(--line); }
input, textarea, button { font: inherit; padding: 4px 8px; border: 1px solid var(--line); border-radius: 5px;
  background: Field; color: FieldText; }
textarea { width: 100%; min-height: 120px; }
button { cursor: pointer; background: var(--accent); color: white; border: 0; padding: 5px 14px; }
button:disabled { opacity: .5; }
`;
