import { describeCopyFaults } from './copy-faults-suite.ts';

describeCopyFaults('other host');
