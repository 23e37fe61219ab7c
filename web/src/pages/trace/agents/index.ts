export { AgentsTab as default } from './AgentsTab';
