import Kser
import Testing

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
    @Test func handsOverInOrderFromAnotherTask() async throws {
        let mailbox = Mailbox<Int>()
        let sum = Task {
            var received: [Int] = []
            while let element = try await mailbox.next() { received.append(element) }
            return received
        }
        for element in 0..<10_000 {
            mailbox.offer(element)
            if element.isMultiple(of: 97) { await Task.yield() }
        }
        mailbox.finish()
        #expect(try await sum.value == Array(0..<10_000))
    }

    @Test func finishGivesTheRestThenTheErrorOnce() async throws {
        let mailbox = Mailbox<Int>()
        mailbox.offer(1)
        mailbox.finish(throwing: KserError.io("gone"))
        #expect(!mailbox.offer(2))
        #expect(try await mailbox.next() == 1)
        await #expect(throws: KserError.io("gone")) { _ = try await mailbox.next() }
        #expect(try await mailbox.next() == nil)
    }

    @Test func discardingFinishDropsTheRest() async throws {
        let mailbox = Mailbox<Int>()
        mailbox.offer(1)
        mailbox.finish(discarding: true)
        #expect(try await mailbox.next() == nil)
    }

    @Test func cancellationEndsTheWaitAndLosesNothing() async throws {
        let mailbox = Mailbox<Int>()
        for round in 0..<100 {
            let waiting = Task { try await mailbox.next() }
            if round.isMultiple(of: 2) { await Task.yield() }
            waiting.cancel()
            mailbox.offer(round)
            let taken = try await waiting.value
            if taken == nil { #expect(try await mailbox.next() == round) } else { #expect(taken == round) }
        }
    }
}
