/// A value on the heap. Thousands of records are in work at once, and every copy of a value that a function has while it
/// waits takes its room in each of them: what is large is handed on as one reference.
@usableFromInline
package final class Boxed<Value: Sendable>: Sendable {
    package let value: Value

    package init(_ value: Value) { self.value = value }
}
