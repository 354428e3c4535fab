import Kser
import KserTesting
import Testing

@Suite struct InMemoryOperationStoreTests {
    @Test(arguments: OperationStoreContract { InMemoryOperationStore() }.checks)
    func contract(_ check: ContractCheck) async throws { try await check.run() }

    @Test func aStoreThatIsDownThrows() async throws {
        let store = InMemoryOperationStore()
        store.failure = StoreError(.unavailable, "down")
        await #expect(throws: StoreError(.unavailable, "down")) { try await store.operation("o") }
        store.failure = nil
        #expect(try await store.operation("o") == nil)
    }
}
