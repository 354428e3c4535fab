/// What went another way than plain success, and what happens to a group.
struct OutcomeMetrics: Sendable {
    let retries: MetricFamily<Counter>
    let deadLetters: MetricFamily<Counter>
    let overruns: MetricFamily<Counter>
    let refused: MetricFamily<Counter>
    let decryptFailures: MetricFamily<Counter>
    let operations: MetricFamily<Counter>
    let recovered: Counter
    let rebalances: MetricFamily<Counter>
    let commitFailures: Counter

    init(_ registry: MetricsRegistry) throws(MetricsError) {
        retries = try registry.counter(
            "kser_task_retries",
            help: "Messages that are tried again, by where they wait",
            labels: ["entrypoint", "tier"]
        )
        deadLetters = try registry.counter(
            "kser_dead_letters",
            help: "Messages that were given up",
            labels: ["entrypoint", "reason"]
        )
        overruns = try registry.counter(
            "kser_task_overruns",
            help: "Handlers that went on though they were cancelled at their time limit",
            labels: ["entrypoint"]
        )
        refused = try registry.counter(
            "kser_outcomes_refused",
            help:
                "Results, retries and dead letters that a topic did not take, so that less was sent or the worker ended",
            labels: ["entrypoint"]
        )
        decryptFailures = try registry.counter(
            "kser_decrypt_failures",
            help: "Sealed messages that could not be opened",
            labels: ["topic", "reason"]
        )
        operations = try registry.counter(
            "kser_operations",
            help: "Operations that came to a state",
            labels: ["operation", "status"]
        )
        recovered = try registry.counter(
            "kser_operations_recovered",
            help: "Operations that stood still and were made to go on"
        )
        rebalances = try registry.counter(
            "kser_rebalances",
            help: "Changes of the partitions that consumers have",
            labels: ["kind"]
        )
        commitFailures = try registry.counter("kser_commit_failures", help: "Commits of offsets that failed")
    }
}
