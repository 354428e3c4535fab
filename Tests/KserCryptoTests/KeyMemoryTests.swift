#if os(Linux)
import Foundation
import Kser
import Testing

@testable import KserCrypto

/// Looks for a key in all memory of this process, as a core dump would hold it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct KeyMemoryTests {
    enum Source: CaseIterable { case generated, bytes, base64, environment }

    @Test(arguments: Source.allCases)
    func noCopyOfAKeyOutlivesIt(_ source: Source) throws {
        let masked = try use(source)
        #expect(try Memory.copies(of: masked) == [0, 0])
    }

    /// Uses a key to its end, and gives it and the key derived from it in a form that is not found in memory.
    @inline(never)
    private func use(_ source: Source) throws -> [MaskedKey] {
        let codec = SecretBoxCodec(key: try make(source))
        let bound = SecretBoxCodec(keys: codec.keys, binding: TopicBinding())
        for number in 0..<100 {
            let message = Message(entrypoint: "e", params: ["n": .integer(Int64(number))])
            #expect(try codec.decode(codec.encode(message)) == message)
            let record = Record(topic: "t", value: try bound.encode(message, for: "t").value)
            #expect(try bound.decode(record.value ?? [], of: record) == message)
        }
        let key = codec.keys.snapshot.current.key
        let mask = { MaskedKey(UnsafeBufferPointer(start: $0, count: SecretBoxKey.byteCount)) }
        let masked = [key.withPointer(mask), key.withBindingPointer(mask)]
        #expect(try Memory.copies(of: masked) == [1, 1], "a key in use is found, and once")
        return masked
    }

    private func make(_ source: Source) throws -> SecretBoxKey {
        if source == .generated { return try .generate() }
        var bytes = (0..<SecretBoxKey.byteCount).map { _ in UInt8.random(in: 0...255) }
        defer { for index in bytes.indices { bytes[index] = 0 } }
        switch source {
        case .generated, .bytes: return try SecretBoxKey(bytes: bytes)
        case .base64: return try SecretBoxKey(base64: base64(bytes))
        case .environment: return try .fromEnvironment([SecretBoxKey.environmentVariable: base64(bytes)])
        }
    }
}

struct MaskedKey {
    private static let mask: UInt8 = 0x5A
    private let bytes: [UInt8]
    /// The byte to look for first: zeros are everywhere. The one behind it rules out most of what is found.
    let markPlace: Int
    let mark: UInt8
    let next: UInt8

    init(_ key: UnsafeBufferPointer<UInt8>) {
        bytes = key.map { $0 ^ Self.mask }
        markPlace = key.dropLast().firstIndex { $0 > 0x80 } ?? 0
        mark = key[markPlace]
        next = bytes[markPlace + 1]
    }

    func mayMatch(_ mark: UnsafePointer<UInt8>) -> Bool { mark[1] ^ Self.mask == next }

    var count: Int { bytes.count }

    func matches(_ start: UnsafePointer<UInt8>) -> Bool {
        bytes.indices.allSatisfy { start[$0] ^ Self.mask == bytes[$0] }
    }
}

private enum Memory {
    /// How often each key is in the memory of this process.
    static func copies(of keys: [MaskedKey]) throws -> [Int] {
        let memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/mem"))
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer {
            memset(buffer, 0, size)
            buffer.deallocate()
        }
        let own = UInt(bitPattern: buffer)..<UInt(bitPattern: buffer + size)
        var copies = keys.map { _ in 0 }
        for region in try regions() {
            var place = region.lowerBound
            while place < region.upperBound {
                let count = pread(
                    memory.fileDescriptor,
                    buffer,
                    min(size, Int(region.upperBound - place)),
                    off_t(place)
                )
                if count < SecretBoxKey.byteCount { break }  // a guard page, or the end
                for (index, key) in keys.enumerated() {
                    for offset in matches(of: key, in: buffer, count: count) where !own.contains(place + UInt(offset)) {
                        copies[index] += 1
                    }
                }
                place += UInt(count - SecretBoxKey.byteCount + 1)
            }
        }
        return copies
    }

    private static func matches(of key: MaskedKey, in buffer: UnsafePointer<UInt8>, count: Int) -> [Int] {
        var matches: [Int] = []
        var place = key.markPlace
        let end = count - key.count + key.markPlace + 1
        while place < end, let found = memchr(buffer + place, Int32(key.mark), end - place) {
            place = UnsafeRawPointer(buffer).distance(to: found)
            let start = place - key.markPlace
            if key.mayMatch(buffer + place), key.matches(buffer + start) { matches.append(start) }
            place += 1
        }
        return matches
    }

    /// The readable regions, without the vast empty ones of sanitizers.
    private static func regions() throws -> [Range<UInt>] {
        // Foundation reads but the start of such a file when it is asked for all of it at once.
        let maps = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps")).readToEnd() ?? Data()
        return String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard fields[1].hasPrefix("r"), bounds.count == 2, bounds[1] - bounds[0] < 4 << 30, bounds[1] <= Int.max
            else { return nil }
            return bounds[0]..<bounds[1]
        }
    }
}
#endif
