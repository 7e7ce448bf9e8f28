import Kernel

/// What a subscription is held on: one consumer, one shard.
struct SubscriptionPlace: Hashable, Sendable {
  var consumer: String
  var shard: Int
}

/// Knows who is subscribed to what: the latest subscription of a consumer to a shard is the one that holds.
final class SubscriptionDesk: Sendable {
  private struct Holder {
    var ticket: UInt64
    var began: Timestamp
  }
  private struct State {
    var holders: [SubscriptionPlace: Holder] = [:]
    var last: UInt64 = 0
  }
  private let state = Locked(State())

  /// Takes the place over from an earlier subscription.
  /// - Returns: `nil` within five seconds of the earlier one's beginning.
  func take(_ place: SubscriptionPlace, at now: Timestamp) -> UInt64? {
    state.withLock { state in
      if let holder = state.holders[place], now - holder.began < Limits.subscriptionTakeoverAfter { return nil }
      // What nobody can hold any more is forgotten, so that places do not pile up.
      let longest = Limits.subscriptionLife + Limits.subscriptionTakeoverAfter
      state.holders = state.holders.filter { now - $0.value.began < longest }
      state.last += 1
      state.holders[place] = Holder(ticket: state.last, began: now)
      return state.last
    }
  }

  func holds(_ place: SubscriptionPlace, _ ticket: UInt64) -> Bool {
    state.withLock { $0.holders[place]?.ticket == ticket }
  }
}
