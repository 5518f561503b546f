import { describeCopyFaults } from './copy-faults-suite.ts';

describeCopyFaults('same host');
