/// Collects the steps of an operation from statements, with `if`, `switch` and `for`.
///
///     func tasks(for order: Order, in execution: Execution) async throws -> [TaskCall] {
///         TaskCall(Charge(), ["amount": .integer(order.amount)])
///         if order.isGift { TaskCall(Wrap()) }
///         for parcel in order.parcels { TaskCall(Ship(), ["parcel": .string(parcel)]) }
///         try await SendMails().computeTasks(in: execution)
///     }
///
/// A plain array is a statement too, and a body with `return` is left as it is.
@resultBuilder
public enum TaskListBuilder {
    /// One step.
    public static func buildExpression(_ call: TaskCall) -> [TaskCall] { [call] }

    /// Several steps.
    public static func buildExpression(_ calls: [TaskCall]) -> [TaskCall] { calls }

    /// The steps of all statements, in order.
    public static func buildBlock(_ parts: [TaskCall]...) -> [TaskCall] { parts.flatMap { $0 } }

    /// The steps of an `if` without `else`.
    public static func buildOptional(_ part: [TaskCall]?) -> [TaskCall] { part ?? [] }

    /// The steps of a first branch.
    public static func buildEither(first part: [TaskCall]) -> [TaskCall] { part }

    /// The steps of another branch.
    public static func buildEither(second part: [TaskCall]) -> [TaskCall] { part }

    /// The steps of a `for`.
    public static func buildArray(_ parts: [[TaskCall]]) -> [TaskCall] { parts.flatMap { $0 } }

    /// The steps of an `if #available`.
    public static func buildLimitedAvailability(_ part: [TaskCall]) -> [TaskCall] { part }
}
