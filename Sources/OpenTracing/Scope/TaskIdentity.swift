#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Which task is running, or which thread when it runs none. Identities are used anew after the task or thread ended.
struct TaskIdentity: Hashable {
    private let address: UInt

    static var current: TaskIdentity {
        withUnsafeCurrentTask { task in
            // A task is a reference, hence its address is even; a thread's gets an odd one.
            guard let task else { return TaskIdentity(address: UInt(bitPattern: pthread_self()) | 1) }
            return TaskIdentity(address: unsafeBitCast(task, to: UInt.self))
        }
    }
}

#if !canImport(Darwin)
extension UInt {
    fileprivate init(bitPattern thread: pthread_t) { self = UInt(thread) }
}
#endif
