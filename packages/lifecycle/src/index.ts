export * from './container-record.ts';
export * from './history.ts';
export * from './ssh-key.ts';
export * from './status.ts';
export * from './table.ts';
export * from './transition.ts';
