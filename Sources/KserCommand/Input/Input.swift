import Foundation

/// A file, or standard input for `-`, as lines. Reading blocks a thread of its own; lines come in batches.
struct Input: AsyncSequence, Sendable {
    typealias Element = [Line]

    struct Line: Sendable {
        var number: Int
        var bytes: [UInt8]
    }

    private let descriptor: Int32
    private let name: String
    /// The most bytes of a line: more than any broker takes in a message.
    private static let longest = 128 << 20

    /// Opens the file.
    init(_ path: String) throws(CommandError) {
        name = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw CommandError(.noInput, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    /// All of it.
    func bytes() async throws -> [UInt8] {
        var all: [UInt8] = []
        while case let chunk = try await chunk(), !chunk.isEmpty {
            all += chunk
            if all.count > Self.longest { throw CommandError(.data, "\(name) has more than \(Self.longest) bytes") }
        }
        return all
    }

    func makeAsyncIterator() -> Iterator { Iterator(input: self) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let input: Input
        private var rest: [UInt8] = []
        private var number = 0
        private var isAtEnd = false

        fileprivate init(input: Input) { self.input = input }

        mutating func next() async throws -> [Line]? {
            while !isAtEnd {
                let chunk = try await input.chunk()
                isAtEnd = chunk.isEmpty
                let lines = split(rest + chunk)
                if !lines.isEmpty { return lines }
                if rest.count > Input.longest {
                    throw CommandError(.data, "line \(number + 1) has more than \(Input.longest) bytes")
                }
            }
            return nil
        }

        /// Cuts whole lines off; at the end of the input the last may lack its line feed.
        private mutating func split(_ bytes: [UInt8]) -> [Line] {
            var lines: [Line] = []
            var start = 0
            while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                add(bytes[start..<end], to: &lines)
                start = end + 1
            }
            rest = Array(bytes[start...])
            if isAtEnd, !rest.isEmpty {
                add(rest[...], to: &lines)
                rest = []
            }
            return lines
        }

        private mutating func add(_ bytes: ArraySlice<UInt8>, to lines: inout [Line]) {
            number += 1
            let isBlank = bytes.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            if !isBlank { lines.append(Line(number: number, bytes: Array(bytes))) }
        }
    }

    fileprivate func chunk() async throws -> [UInt8] {
        let (descriptor, name) = (descriptor, name)
        return try await withCheckedThrowingContinuation { continuation in
            Self.queue.async {
                var buffer = [UInt8](repeating: 0, count: 1 << 18)
                var count = -1
                repeat { count = read(descriptor, &buffer, buffer.count) } while count < 0 && errno == EINTR
                if count < 0 {
                    let reason = String(cString: strerror(errno))
                    continuation.resume(throwing: CommandError(.noInput, "\(name) cannot be read: \(reason)"))
                } else {
                    continuation.resume(returning: Array(buffer[..<count]))
                }
            }
        }
    }

    private static let queue = DispatchQueue(label: "kser.input")
}
