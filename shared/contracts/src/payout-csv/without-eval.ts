import { config } from 'zod';

// Pages forbid the evaluation of text by their Content-Security-Policy, which zod would try.
config({ jitless: true });
