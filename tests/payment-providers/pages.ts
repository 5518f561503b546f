/** The pages of the emulator, for a person with a browser. All money on them is fake, and they say so. */
import type { Invoice } from './nowpayments.ts';
import type { Session } from './stripe-objects.ts';

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
.fake{background:#b00;color:#fff;padding:.5rem 1rem;border-radius:.3rem}
button{display:block;margin:.5rem 0;padding:.6rem 1rem;font:inherit;width:100%;text-align:left}</style></head>
<body><p class="fake">Emulated payment provider of a local stack: no real money moves here.</p>
<h1>${escape(title)}</h1>${content}</body></html>`;
}

function buttons(name: string, choices: readonly (readonly [string, string])[]): string {
  const each = choices.map(
    ([value, label]) => `<button name="${name}" value="${value}">${escape(label)}</button>`,
  );
  return `<form method="post">${each.join('')}</form>`;
}

/** The page of a Checkout session. `notice`: why the last try failed. */
export function checkoutPage(session: Session, notice: string | null): string {
  const amount = (session.amount_total / 100).toFixed(2);
  const said = notice === null ? '' : `<p role="alert">${escape(notice)}</p>`;
  if (session.status !== 'open') return page(`This payment is ${session.status}`, said);
  return page(
    `Pay ${amount} ${session.currency.toUpperCase()}`,
    said +
      buttons('with', [
        ['card', 'Pay with the card 4242 4242 4242 4242'],
        ['saved_card', 'Pay with it and save it for later'],
        ['declined_card', 'Pay with a card that is declined'],
        ['bank_debit', 'Pay by bank debit, which takes a while'],
      ]),
  );
}

/** The page of a crypto invoice. */
export function invoicePage({ price_amount: price }: Invoice): string {
  return page(
    `Pay ${price.toFixed(2)} USD in coins`,
    buttons('with', [
      ['exact', 'Send just as much'],
      ['half', 'Send half of it'],
      ['double', 'Send twice as much'],
      ['expired', 'Send nothing until it expires'],
    ]),
  );
}

/** Shown where there is nowhere to go back to. */
export function paidPage(): string {
  return page('Thank you', '<p>Your balance follows with the webhook, in a moment.</p>');
}
