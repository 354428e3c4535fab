import Kser
import Synchronization

extension ConsumerLoop {
    func report(_ error: KafkaError) {
        switch error.code {
        case .notAuthorized, .inconsistentGroup, .fenced, .unsupported, .configuration, .offsetOutOfRange:
            core.fail(error)
        case .unknownTopic:
            if unknownTopic == nil {
                let now = core.clock.now
                if core.state.withLock({ $0.isAssigned }) { patienceBegan = now }
                nextProbe = min(nextProbe, now + core.configuration.probeTime)
            }
            unknownTopic = error
            core.log(.warning, error.description, error)
        default:
            if error.isFatal { core.fail(error) } else { core.log(.warning, error.description, error) }
        }
    }

    /// How long there is nothing to find out.
    var timeToProbe: Duration {
        if unknownTopic == nil, core.state.withLock({ $0.isAssigned }) { return .seconds(3_600) }
        return core.clock.now.duration(to: nextProbe)
    }

    /// Finds out, when the first assignment is late, whether it will come, and whether a topic is gone for good.
    func probe() {
        guard core.clock.now >= nextProbe else { return }
        let (isAssigned, isRunning) = core.state.withLock { ($0.isAssigned, $0.phase == .running) }
        guard isRunning, unknownTopic != nil || !isAssigned else { return }
        let configuration = core.configuration
        do throws(KafkaError) {
            try core.client.probe(core.topics, timeout: configuration.probeTime)
            unknownTopic = nil
            patienceBegan = core.clock.now
            nextProbe = patienceBegan + configuration.connectTimeout
            if !isAssigned { core.log(.info, "Brokers answer; the group has assigned no partition yet") }
        } catch  where isAssigned && error.code != .unknownTopic {
            // Brokers that fail later are waited for.
            nextProbe = core.clock.now + configuration.probeTime
        } catch {
            let left = core.clock.now.duration(to: patienceBegan + configuration.connectTimeout)
            // A topic may be unknown while brokers start, or be created yet. Answers come some milliseconds early.
            if left < .milliseconds(10) || !error.mayPass { return core.fail(error) }
            nextProbe = core.clock.now + min(left, configuration.probeTime)
        }
    }
}

extension KafkaError {
    /// Whether it may be otherwise a while later.
    fileprivate var mayPass: Bool { code == .unknownTopic || code == .brokerUnavailable || isRetriable }
}

extension ConsumerConfiguration {
    /// How long brokers may take to tell what they know of the topics.
    var probeTime: Duration { Swift.min(.seconds(5), connectTimeout / 2) }
}
