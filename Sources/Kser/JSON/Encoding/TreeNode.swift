/// What one encoder has been given: a value, or an object or list that still grows.
///
/// Nested containers and super encoders may be filled at any later time, so their places are settled at the end.
final class TreeNode {
    private enum Content {
        case none
        case value(JSON)
        case entries(JSONEntries)
        case elements([JSON])
    }

    private var content = Content.none
    private var fields: [(key: String, node: TreeNode)] = []
    private var items: [(index: Int, node: TreeNode)] = []

    /// The value, or nil when nothing was encoded.
    var json: JSON? {
        switch content {
        case .none: return nil
        case .value(let value): return value
        case .entries(var entries):
            for (key, node) in fields { entries[key] = node.json ?? [:] }
            return .object(JSONObject(entries))
        case .elements(var elements):
            for (index, node) in items { elements[index] = node.json ?? [:] }
            return .array(elements)
        }
    }

    var count: Int {
        if case .elements(let elements) = content { elements.count } else { 0 }
    }

    func set(_ value: JSON) { content = .value(value) }

    /// Makes an empty object of what is nothing yet.
    func open(keyed: Bool) {
        guard case .none = content else { return }
        content = keyed ? .entries(JSONEntries()) : .elements([])
    }

    func set(_ value: JSON, for key: String) {
        guard case .entries(var entries) = content else { return }
        content = .none  // so that the change is made in place
        entries[key] = value
        content = .entries(entries)
    }

    func append(_ value: JSON) {
        guard case .elements(var elements) = content else { return }
        content = .none
        elements.append(value)
        content = .elements(elements)
    }

    /// A node for a value that comes later.
    func node(for key: String) -> TreeNode {
        let node = TreeNode()
        set(.null, for: key)
        fields.append((key, node))
        return node
    }

    /// A node for an element that comes later.
    func nextNode() -> TreeNode {
        let node = TreeNode()
        items.append((count, node))
        append(.null)
        return node
    }
}
