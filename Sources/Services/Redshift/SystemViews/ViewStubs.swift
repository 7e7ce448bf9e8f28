enum ActivityViews { static let views: [SystemView] = [] }
