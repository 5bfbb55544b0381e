import { config } from 'zod';

// The Content-Security-Policy of the pages forbids `eval`, by which zod would otherwise make its checks faster.
config({ jitless: true });
