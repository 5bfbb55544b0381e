import { Wallet } from '../wallet/wallet.tsx';

export default function WalletPage() {
  return <Wallet />;
}
