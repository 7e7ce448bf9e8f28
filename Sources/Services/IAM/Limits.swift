/// IAM's and STS's quotas. Source: "IAM and AWS STS quotas" in the IAM User Guide, unless said otherwise.
package enum Limits {
  /// Nesting of a policy's JSON; ours, AWS names none. A valid policy needs six levels.
  package static let policyDepthMax = 32
  /// Characters without white space in a managed policy.
  package static let managedPolicySizeMax = 6144
  /// Characters without white space in all inline policies of a user together.
  package static let userInlinePoliciesSizeMax = 2048
  package static let groupInlinePoliciesSizeMax = 5120
  package static let roleInlinePoliciesSizeMax = 10_240
  /// Characters without white space of a role's trust policy.
  package static let trustPolicySizeMax = 2048
  /// Characters of session policies handed to AssumeRole, inline and managed together.
  package static let sessionPolicySizeMax = 2048
  package static let sessionPolicyARNsMax = 10

  package static let usersMax = 5000
  package static let groupsMax = 300
  package static let rolesMax = 1000
  package static let policiesMax = 1500
  package static let instanceProfilesMax = 1000
  package static let policyVersionsMax = 5
  package static let attachedPoliciesMax = 10
  package static let groupsPerUserMax = 10
  package static let accessKeysPerUserMax = 2
  package static let tagsMax = 50
  package static let accountAliasesMax = 1

  /// Items on a page when the caller names no number, and at most.
  package static let pageItemsDefault = 100
  package static let pageItemsMax = 1000

  package static let sessionSecondsMin = 900
  package static let sessionSecondsDefault = 3600
  /// Role chaining: a role's session may assume a role for an hour at most.
  package static let chainedSessionSecondsMax = 3600
  package static let userTokenSecondsDefault = 43_200
  package static let userTokenSecondsMax = 129_600
  package static let rootTokenSecondsMax = 3600

  /// Principals whose compiled policies are kept in memory; ours.
  package static let cachedPrincipalsMax = 10_000
  /// Session and resource policies kept compiled, by their text; ours.
  package static let cachedDocumentsMax = 2000
  /// Credentials kept in memory; ours.
  package static let cachedCredentialsMax = 50_000
  /// How often an access key's or a role's last use is written down at most; AWS's own is some minutes behind too.
  package static let lastUsedIntervalSeconds = 300
  /// Expired sessions that one new session clears away.
  package static let expiredSessionsPerSweep = 100
}
