import { formatUsd } from '@control-plane/ledger';
import { PDFDocument, StandardFonts, rgb, type PDFFont, type PDFPage } from '@cantoo/pdf-lib';
import type { InvoiceDocument } from './invoice-document.ts';

export interface PrintedInvoice {
  readonly invoiceNumber: string;
  readonly issueDate: number;
  readonly paidDate: number | null;
  readonly currency: string;
  readonly document: InvoiceDocument;
}

/** A4 in points; y grows upwards. */
const PAGE = { width: 595.28, height: 841.89, margin: 56 };
const RIGHT = PAGE.width - PAGE.margin;
const INK = rgb(0.12, 0.13, 0.16);
const MUTED = rgb(0.42, 0.45, 0.5);
const RULE = rgb(0.85, 0.86, 0.88);
const DESCRIPTION_WIDTH = 340;
const BUYER_WIDTH = 250;

/** The fonts of PDF itself know Latin-1 only; what they lack is shown as a question mark. */
function printable(text: string): string {
  return text.normalize('NFC').replace(/[^\x20-\x7e\xa0-\xff]/gu, '?');
}

/** Breaks a text at blanks (a word that is too long, anywhere) so that each line fits. */
function wrap(text: string, font: PDFFont, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    let rest = word;
    const joined = line === '' ? rest : `${line} ${rest}`;
    if (font.widthOfTextAtSize(joined, size) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (font.widthOfTextAtSize(rest, size) > width) {
      let end = rest.length - 1;
      while (end > 1 && font.widthOfTextAtSize(rest.slice(0, end), size) > width) end -= 1;
      lines.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
    line = rest;
  }
  return [...lines, line];
}

const day = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10);

/** The invoice on one A4 page. The same invoice gives the same page. */
export async function renderInvoicePdf(invoice: PrintedInvoice): Promise<Uint8Array> {
  const { document, currency } = invoice;
  const pdf = await PDFDocument.create();
  pdf.setTitle(`Invoice ${invoice.invoiceNumber}`);
  pdf.setAuthor(printable(document.seller.name));
  pdf.setCreationDate(new Date(invoice.issueDate));
  pdf.setModificationDate(new Date(invoice.issueDate));
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  const pen = new Pen(pdf.addPage([PAGE.width, PAGE.height]), regular, bold);

  pen.y = PAGE.height - 84;
  pen.left('Invoice', { size: 24, font: bold });
  pen.right(printable(document.seller.name), { font: bold, size: 12 });
  for (const line of [
    ...document.seller.address,
    ...(document.seller.tax_id === undefined ? [] : [`Tax id ${document.seller.tax_id}`]),
    ...(document.seller.email === undefined ? [] : [document.seller.email]),
  ]) {
    pen.down(14);
    pen.right(printable(line), { color: MUTED });
  }

  pen.y = PAGE.height - 200;
  const top = pen.y;
  pen.left('Billed to', { color: MUTED });
  for (const line of [document.buyer.name, document.buyer.email, `Account ${document.buyer.account_id}`]) {
    for (const part of wrap(line, regular, 10, BUYER_WIDTH).slice(0, 2)) {
      pen.down(15);
      pen.left(part);
    }
  }
  pen.y = top;
  const facts: [string, string][] = [
    ['Invoice number', invoice.invoiceNumber],
    ['Date of issue', day(invoice.issueDate)],
    ['Paid', invoice.paidDate === null ? 'not yet' : day(invoice.paidDate)],
    ['Paid by', document.payment_method_type.replaceAll('_', ' ')],
    ['Currency', currency],
  ];
  for (const [name, value] of facts) {
    pen.left(name, { x: 350, color: MUTED });
    pen.right(value);
    pen.down(15);
  }

  pen.y = PAGE.height - 320;
  pen.left('Description', { color: MUTED });
  pen.right(`Amount (${currency})`, { color: MUTED });
  pen.down(8);
  pen.rule();
  for (const { description, amount_micros: micros } of document.lines) {
    pen.down(18);
    pen.right(formatUsd(micros));
    for (const [index, part] of wrap(description, regular, 10, DESCRIPTION_WIDTH).slice(0, 4).entries()) {
      if (index > 0) pen.down(13);
      pen.left(part);
    }
    pen.down(8);
    pen.rule();
  }

  pen.total('Subtotal', formatUsd(document.total_micros - document.tax_micros));
  pen.total('Tax', formatUsd(document.tax_micros));
  pen.total(`Total (${currency})`, formatUsd(document.total_micros), bold);
  pen.total('Paid', formatUsd(invoice.paidDate === null ? 0 : document.total_micros));
  return pdf.save();
}

/** Writes downwards on one page. */
class Pen {
  y = 0;
  readonly #page: PDFPage;
  readonly #regular: PDFFont;
  readonly #bold: PDFFont;

  constructor(page: PDFPage, regular: PDFFont, bold: PDFFont) {
    this.#page = page;
    this.#regular = regular;
    this.#bold = bold;
  }

  down(points: number): void {
    this.y -= points;
  }

  left(text: string, { x = PAGE.margin, size = 10, font = this.#regular, color = INK } = {}): void {
    this.#page.drawText(text, { x, y: this.y, size, font, color });
  }

  /** Ends at the right margin. */
  right(text: string, { size = 10, font = this.#regular, color = INK } = {}): void {
    this.left(text, { x: RIGHT - font.widthOfTextAtSize(text, size), size, font, color });
  }

  total(name: string, amount: string, font = this.#regular): void {
    this.down(20);
    const color = font === this.#bold ? INK : MUTED;
    this.left(name, { x: 350, font, color });
    this.right(amount, { font });
  }

  rule(): void {
    const { y } = this;
    this.#page.drawLine({
      start: { x: PAGE.margin, y },
      end: { x: RIGHT, y },
      thickness: 0.7,
      color: RULE,
    });
  }
}
