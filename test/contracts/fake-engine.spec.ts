import { FakeEngine } from './fake-engine';
import { describeInferenceEngine } from './inference-engine.contract';

describeInferenceEngine('FakeEngine', () => new FakeEngine());
