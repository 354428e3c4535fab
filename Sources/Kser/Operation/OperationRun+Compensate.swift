extension OperationRun {
    /// Compensates the tasks that are done, from the last to the first. That the operation was cancelled does not keep it
    /// from doing so; what cannot be compensated is logged.
    func compensate() async {
        await Task {
            note(.compensating)
            for (index, task) in tasks.enumerated().reversed() {
                var task = task
                await task.compensate(in: execution) { failed, error in
                    log(.error, "Uncompensated", .from(error, uuid: failed.uuid)) { ": \($0): \(failed): \(error)" }
                }
                put(task, at: index)
            }
        }.value
    }
}
