export const DEVICE_PAGE_STYLE = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 420px; margin: 8vh auto; padding: 0 20px 40px; }
h1 { font-size: 22px; }
h2 { font-size: 17px; margin: 28px 0 8px; }
label { display: block; margin: 12px 0 4px; }
input { width: 100%; font: inherit; padding: 9px 11px; border: 1px solid #8888; border-radius: 6px;
  background: Field; color: FieldText; }
input[name=user_code] { font: 22px/1.4 ui-monospace, monospace; letter-spacing: .12em; text-transform: uppercase; }
button, .button { display: block; width: 100%; margin: 14px 0 0; padding: 10px; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; color: #fff; background: #2f6fde; border: 0; border-radius: 6px;
  cursor: pointer; }
.quiet { color: inherit; background: #8883; }
.alert { padding: 10px 12px; border-radius: 6px; background: #cf222e22; border: 1px solid #cf222e88; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 14px; padding: 12px; border: 1px solid #8886;
  border-radius: 6px; }
dt { opacity: .7; }
dd { margin: 0; overflow-wrap: anywhere; }
[hidden] { display: none; }
`;

/** Takes a second factor's token out of the fragment, which no form can send, and shows its form. */
export const DEVICE_PAGE_SCRIPT = `
const token = new URLSearchParams(location.hash.slice(1)).get('2fa');
if (token !== null && /^[0-9a-f]{64}$/.test(token)) {
  history.replaceState(null, '', location.pathname);
  const form = document.getElementById('second-factor');
  form.elements.namedItem('temp_token').value = token;
  form.hidden = false;
  document.getElementById('enter-code').hidden = true;
  form.elements.namedItem('code').focus();
}
`;
