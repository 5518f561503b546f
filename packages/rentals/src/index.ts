export * from './market-filter.ts';
export * from './prices.ts';
export * from './quote.ts';
export * from './server-specs.ts';
export * from './term.ts';
export * from './usage.ts';
export * from './usage-charge.ts';
