import Foundation
import Kser
import Testing

@Suite("Nesting fits small stacks")
struct DepthTests {
    private struct Tree: Codable, Equatable {
        var name: String
        var children: [Tree]
        var by: [String: Tree]?
    }

    private indirect enum Chain: Codable {
        case link(Chain)
        case end
    }

    private struct Box: Codable {
        var box: [Box?]
    }

    @Test("Half a megabyte of stack is enough for the default depth") func halfAMegabyte() throws {
        let deepest = JSON.defaultMaximumDepth
        let error = onHalfAMegabyte {
            for open in ["[", #"{"a":"#] {
                let text = Self.nest(open, "1", deepest)
                let value = try JSON(parsing: text)
                #expect(try JSON(parsing: value.description) == value)
                #expect(value.hashValue == value.hashValue)
                #expect(try value.decode(JSON.self) == value)
                #expect(throws: KserError.self) { try JSON(parsing: Self.nest(open, "1", deepest + 1)) }
            }
            let tree = Self.nest(#"{"name":"n","children":["#, #"{"name":"n","children":[]}"#, deepest / 2 - 1)
            _ = try JSON(encoding: JSON(parsing: tree).decode(Tree.self))
            let chain = Self.nest(#"{"link":{"_0":"#, #"{"end":{}}"#, deepest / 2 - 1)
            _ = try JSON(encoding: JSON(parsing: chain).decode(Chain.self))
            let boxes = Self.nest(#"{"box":["#, #"{"box":[]}"#, deepest / 2 - 1)
            _ = try JSON(encoding: JSON(parsing: boxes).decode(Box.self))
            let message = #"{"uuid":"u","entrypoint":"e","params":\#(Self.nest(#"{"a":"#, "1", deepest - 1))}"#
            let codec = JSONMessageCodec()
            _ = try codec.encode(codec.decode(Array(message.utf8)))
            let search = ExecutionResult(retval: try JSON(parsing: Self.nest(#"{"a":"#, "1", deepest)).object ?? [:])
            #expect(try search.search("$..b") == .null)
        }
        #expect(error == nil)
    }

    @Test("What is written may be deeper, and so may what is read when it is allowed") func deeper() throws {
        let text = Self.nest("[", "1", JSON.maximumDepth)
        let value = try JSON(parsing: text, maximumDepth: 100_000)
        #expect(String(decoding: try value.bytes(), as: UTF8.self) == text)
        let message = Array(#"{"uuid":"u","entrypoint":"e","params":{"a":\#(Self.nest("[", "1", 300))}}"#.utf8)
        #expect(throws: KserError.self) { try JSONMessageCodec().decode(message) }
        let codec = JSONMessageCodec(maximumDepth: 302)
        #expect(try codec.decode(codec.encode(codec.decode(message))) == codec.decode(message))
        #expect(throws: KserError.self) { try JSONMessageCodec(maximumDepth: 301).decode(message) }
        #expect(throws: KserError.self) { try JSONMessageCodec(maximumDepth: .min).decode(message) }
    }

    private static func nest(_ open: String, _ inner: String, _ depth: Int) -> String {
        let pairs: [Character: String] = ["[": "]", "{": "}"]
        let close = open.compactMap { pairs[$0] }.reversed().joined()
        return String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
    }
}

/// Runs work on a thread with half a megabyte of stack, and gives what it threw.
func onHalfAMegabyte(_ work: @escaping @Sendable () throws -> Void) -> (any Error)? {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var thrown: (any Error)?  // read after the thread has signalled
    let thread = Thread {
        do { try work() } catch { thrown = error }
        done.signal()
    }
    // ThreadSanitizer makes each frame several times as large.
    let isSanitized = ProcessInfo.processInfo.environment["TSAN_OPTIONS"] != nil
    thread.stackSize = (isSanitized ? 8 : 1) * 512 << 10
    thread.start()
    done.wait()
    return thrown
}
