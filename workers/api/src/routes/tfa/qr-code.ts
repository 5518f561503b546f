import { renderSVG } from 'uqr';

/** A QR code of `text` as an image: a data URL of an SVG document. */
export function qrCode(text: string): string {
  const svg = renderSVG(text, { ecc: 'M', border: 4 });
  return `data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')}`;
}
