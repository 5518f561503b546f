const m=(n:string)=>{const u=process.memoryUsage();console.log(n, Object.entries(u).map(([k,v])=>k+' '+(v/1e6).toFixed(0)).join(' '))};
m('start');
await import('miniflare'); m('miniflare');
await import('/work/main/scripts/stack/seed.ts'); m('seed');
const { startStack } = await import('/work/main/scripts/stack/stack.ts'); m('import');
const s = await startStack({ dataDir: '/tmp/smoke-data', withDaemon: false }); m('started');
await new Promise(r=>setTimeout(r,3000)); m('later');
await s.stop(); 
